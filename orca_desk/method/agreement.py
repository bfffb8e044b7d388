"""Agreement: which final answer most samples of one question give, by the grader's own notion of equality.

Self-consistency (Wang et al., 2203.11171): sample several answers to a question, let their final answers
vote. Two answers are the same when one of them is correct with the other as the reference; so "18", "18.0"
and "He has 18 apples." are one answer. Agreement is not accuracy: samples may agree on what is wrong.

What gives no vote: an answer that shows no final answer of the kind asked for, and one that gives two
different ones. Such samples still count as samples: a share is of all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from orca_desk.method.grading import grade, infer_kind
from orca_desk.method.grading.answers import find_answer
from orca_desk.method.grading.mathematics import Comparer
from orca_desk.method.records import AnswerKind

# A reference of each kind, with which the grader reads what an answer gives
_ANY: dict[AnswerKind, str] = {
    "exact": "?",
    "text": "?",
    "number": "0",
    "math": "x",
    "choice": "A",
    "ordering": "?, ??",
    "keyed": "?: 0; ??: 0",
}


@dataclass(frozen=True, kw_only=True)
class VotedAnswer:
    """One answer that samples voted for: how the grader reads it, and the numbers of those samples."""

    answer: str
    samples: tuple[int, ...]

    @property
    def votes(self) -> int:
        """The number of samples that give this answer."""
        return len(self.samples)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The vote of `n` samples: candidates, most votes first, and the samples that gave no vote.

    Samples are numbered by their place in what was voted on, from 0. `kind` is what the answers were read as.
    """

    candidates: tuple[VotedAnswer, ...]
    without_vote: tuple[int, ...]
    n: int
    kind: AnswerKind

    @property
    def is_tied(self) -> bool:
        """Whether two candidates or more have the most votes."""
        return len(self.candidates) > 1 and self.candidates[0].votes == self.candidates[1].votes

    @property
    def winner(self) -> VotedAnswer | None:
        """The candidate with the most votes; None in a tie, and when no sample voted."""
        return None if self.is_tied or not self.candidates else self.candidates[0]

    @property
    def share(self) -> float:
        """The winner's votes as a share of all samples, 0 to 1; 0 without a winner."""
        return self.winner.votes / self.n if self.winner else 0.0

    def votes_for(self, sample: int) -> int:
        """Return how many samples, itself included, give the same answer as this sample; 0 without a vote."""
        return next((each.votes for each in self.candidates if sample in each.samples), 0)

    def reaches(self, at_least: float) -> bool:
        """Return whether there is a winner with at least this share of all samples, 0 to 1."""
        return self.winner is not None and self.share >= at_least


def agree(
    responses: Sequence[str],
    kind: AnswerKind | None = None,
    *,
    question: str = "",
    comparer: Comparer | None = None,
) -> Agreement:
    """Return the vote of these responses to one question; their order does not matter to who wins.

    `kind` is inferred from the answers if it is None: what most of them look like. `question` and `comparer`
    are as for `grade`. Never raises, whatever the texts contain. Mathematics may take seconds.
    """
    asked = kind or _common_kind(responses)
    votes: dict[str, list[int]] = defaultdict(list)
    silent: list[int] = []
    for number, response in enumerate(responses):
        answer = _read(response, asked, question, comparer)
        if answer is None:
            silent.append(number)
        else:
            votes[answer].append(number)
    # The most frequent wording stands for a group, or the shortest, whatever the order of the samples
    wordings = sorted(votes, key=lambda answer: (-len(votes[answer]), len(answer), answer))
    groups: dict[str, list[int]] = {}
    for answer in wordings:
        response = responses[votes[answer][0]]
        same = next(
            (
                other
                for other in groups
                if _grades(responses[votes[other][0]], answer, asked, question, comparer)
                or _grades(response, other, asked, question, comparer)
            ),
            answer,
        )
        groups.setdefault(same, []).extend(votes[answer])
    found = [VotedAnswer(answer=answer, samples=tuple(sorted(each))) for answer, each in groups.items()]
    return Agreement(
        candidates=tuple(sorted(found, key=lambda each: (-each.votes, each.answer))),
        without_vote=tuple(silent),
        n=len(responses),
        kind=asked,
    )


def is_settled(vote: Agreement, remaining: int, at_least: float = 0.0) -> bool:
    """Return whether `remaining` more samples cannot change what the vote comes to.

    Sampling can then stop. A vote comes to the answer that wins with a share of at least `at_least` of all
    samples, the remaining ones included, or to none. A tie at the end has no winner.
    """
    if remaining <= 0:
        return True
    most = vote.candidates[0].votes if vote.candidates else 0
    total = vote.n + remaining
    if not is_share(most + remaining, total, at_least):
        return True  # no answer can reach the share any more
    second = vote.candidates[1].votes if len(vote.candidates) > 1 else 0
    return most > second + remaining and is_share(most, total, at_least)


def is_share(votes: int, n: int, at_least: float) -> bool:
    """Return whether votes are at least a share of all `n` samples.

    They are divided, as the rules for records do: 0.28 * 25 is more than 7, but 7 / 25 is 0.28.
    """
    return votes / n >= at_least


def samples_needed(n: int, at_least: float) -> int:
    """Return the fewest votes, and so samples, by which one of `n` samples' answers can reach a share."""
    return next((votes for votes in range(1, n + 1) if is_share(votes, n, at_least) and 2 * votes > n), n)


def _common_kind(responses: Iterable[str]) -> AnswerKind:
    """Return the kind that most final answers look like; unmarked ones say so only where no other does."""
    finals = [final for final in map(find_answer, responses) if final.text]
    marked = [final for final in finals if final.marked] or finals
    counts = Counter(
        infer_kind(f"\\boxed{{{final.raw}}}" if final.in_math else final.block) for final in marked
    )
    return min(counts, key=lambda kind: (-counts[kind], kind != "text", kind), default="text")


@lru_cache(maxsize=4_096)
def _read(response: str, kind: AnswerKind, question: str, comparer: Comparer | None) -> str | None:
    """Return the final answer of a response as the grader reads it; None if it gives none, or two."""
    answer = grade(response, _ANY[kind], kind, question=question, comparer=None).answer
    if not answer or not _grades(response, answer, kind, question, comparer):
        return None
    return answer


@lru_cache(maxsize=16_384)
def _grades(response: str, answer: str, kind: AnswerKind, question: str, comparer: Comparer | None) -> bool:
    return grade(response, answer, kind, question=question, comparer=comparer).correct
