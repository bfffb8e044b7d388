"""The arms of an experiment: what each makes of a training record before a student is trained on it.

Orca 2 (arXiv 2311.11045) reports no ablation of prompt erasure. These arms are one: each differs from the
erased records in one thing alone, so that a difference between two students has one explanation.

    erased               the generic instruction, the teacher's whole answer: the method itself
    not-erased           the strategy's instruction stays
    answer-only          the final answer without its reasoning
    explanation-after    the final answer first, the reasoning behind it
    shuffled-reasoning   the steps of the reasoning in another order, the answer where it was
    best-of-k            of several answers to a question, the shortest correct one
    first-of-k           of the same answers, the first one, whatever its grade

Where the final answer is comes from the grader (`method.grading.find_answer`), and every rewritten answer is
read again: unless the grader finds the same final answer in it, the record cannot be rewritten.
Everything here is a pure function of its arguments.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orca_desk.errors import UserError
from orca_desk.method.grading.answers import FinalAnswer, as_read, find_answer
from orca_desk.method.thoughts import split_thoughts

_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+(?=\S)")
_CLAUSES = re.compile(r"(?P<label>\s*(?:\w[\w -]{0,30}:\s+)?)(?P<body>.*?)(?P<end>[.!?]?\s*)", re.DOTALL)
_LINES_ABOVE = 2  # of a heading or a label, which may announce the answer on the next line


class Arm(StrEnum):
    """An arm of an experiment, by the name that commands and stored experiments use."""

    BASE = "base"
    ERASED = "erased"
    NOT_ERASED = "not-erased"
    ANSWER_ONLY = "answer-only"
    EXPLANATION_AFTER = "explanation-after"
    SHUFFLED = "shuffled-reasoning"
    BEST = "best-of-k"
    FIRST = "first-of-k"


REWRITING = (Arm.ANSWER_ONLY, Arm.EXPLANATION_AFTER, Arm.SHUFFLED)  # arms that need the final answer's place
SAMPLED = (Arm.BEST, Arm.FIRST)  # arms that need several answers to a question


@dataclass(frozen=True, kw_only=True)
class SplitAnswer:
    """A response in parts: `before` + `statement` + `after` is the response as it is read.

    `statement` announces the final answer; `before` and `after` are its reasoning, with any thoughts.
    """

    before: str
    statement: str
    after: str

    @property
    def reasoning(self) -> str:
        """The reasoning in one piece, without the tags of thoughts; "" for an answer without any."""
        thoughts, rest = split_thoughts(self.before)
        parts = (thoughts.strip(), rest.strip(), self.after.strip())
        return "\n".join(part for part in parts if part)


def split_answer(response: str) -> SplitAnswer | None:
    """Split a response around its final answer; None where the grader does not find an announced one.

    An answer of a single line without any announcement is all statement. The statement is as short as it can
    be: a sentence, a line, or a line with the heading above it.
    """
    text = as_read(response)
    final = find_answer(text)
    if not final.text:
        return None
    if not final.marked:
        lone = text.strip()
        return None if "\n" in lone or len(_SENTENCE.split(lone)) > 1 else _cut(text, 0, len(text))
    end = text.find("\n", final.end)
    end = len(text) if end < 0 else end
    for start in _starts(text, final.start):
        if _reads_as(text[start:end], final):
            return _cut(text, start, end)
    return None


def _cut(text: str, start: int, end: int) -> SplitAnswer:
    return SplitAnswer(before=text[:start], statement=text[start:end], after=text[end:])


def _starts(text: str, position: int) -> Iterable[int]:
    """Yield where a statement with the answer at `position` may begin, the nearest first."""
    line = text.rfind("\n", 0, position) + 1
    sentences = [line + found.end() for found in _SENTENCE.finditer(text[line:position])]
    yield from reversed(sentences)
    yield line
    for _ in range(_LINES_ABOVE):
        line = text.rfind("\n", 0, len(text[:line].rstrip())) + 1
        yield line


def _reads_as(text: str, final: FinalAnswer) -> bool:
    again = find_answer(text)
    return again.marked == final.marked and again.text == final.text


def answer_only(response: str) -> str | None:
    """Return a response without its reasoning; None where its final answer has no known place."""
    parts = split_answer(response)
    return None if parts is None else parts.statement.strip()


def explanation_after(response: str) -> str | None:
    """Return a response with its reasoning behind the final answer; None where that cannot be done.

    A full stop ends the answer where nothing else does: an answer that ended the text goes on now, and a
    student has to tell the two apart by something that it knows how to write.
    """
    parts = split_answer(response)
    if parts is None:
        return None
    statement = parts.statement.strip()
    if not parts.reasoning:
        return statement
    ended = f"{statement}." if statement[-1:].isalnum() else statement
    tried = [f"{one}\n{parts.reasoning}" for one in (ended, statement)]
    return next((made for made in tried if _same_answer(made, response)), None)


def shuffled_reasoning(response: str, seed: str) -> str | None:
    """Return a response with the steps of its reasoning in another order; None where that cannot be done.

    Steps are lines, or the sentences of a reasoning of one line, or the clauses of one sentence ("A; B; C").
    The order is a pure function of `seed` and of how many there are. A single step stays as it is.
    """
    parts = split_answer(response)
    if parts is None:
        return None
    thoughts, rest = split_thoughts(parts.before)
    opening, closing = "", ""
    if thoughts:
        start = parts.before.index(thoughts)
        opening = parts.before[:start]
        closing = parts.before[start + len(thoughts) : len(parts.before) - len(rest)]
    made = (
        opening
        + _shuffled(thoughts, f"{seed} thoughts")
        + closing
        + _shuffled(rest, seed)
        + parts.statement
        + _shuffled(parts.after, f"{seed} after")
    )
    return made if _same_answer(made, response) else None


def _same_answer(made: str, response: str) -> bool:
    """Return whether the grader reads the same final answer in both texts, but for a full stop at its end."""
    read, before = find_answer(made).text, find_answer(response).text
    return read.removesuffix(".") == before.removesuffix(".")


def _shuffled(text: str, seed: str) -> str:
    """Return a text with its steps in another order: lines, or sentences, or clauses, where there are two."""
    lines = text.split("\n")
    if sum(bool(line.strip()) for line in lines) > 1:
        return "\n".join(_reordered(lines, seed))
    tail = text[len(text.rstrip()) :]  # a text that goes on in the answer's line ends in a space
    gaps = [found.group() for found in _SENTENCE.finditer(text.rstrip())]
    if gaps:
        sentences = _reordered(_SENTENCE.split(text.rstrip()), seed)
        return "".join(map("".join, zip(sentences, [*gaps, ""], strict=True))) + tail
    parts = _CLAUSES.fullmatch(text)
    assert parts is not None
    return parts["label"] + "; ".join(_reordered(parts["body"].split("; "), seed)) + parts["end"]


def _reordered(pieces: Sequence[str], seed: str) -> list[str]:
    """Return the pieces, those that are not blank in another order; blank ones stay in their places."""
    places = [place for place, piece in enumerate(pieces) if piece.strip()]
    full = [pieces[place] for place in places]
    order = sorted(
        range(len(full)), key=lambda index: hashlib.sha256(f"{seed}\n{index}".encode()).hexdigest()
    )
    shuffled = [full[index] for index in order]
    if shuffled == full:
        shuffled = [*full[1:], *full[:1]]
    made = list(pieces)
    for place, piece in zip(places, shuffled, strict=True):
        made[place] = piece
    return made


def wrong_strategy(task: str, right: str, strategies: Iterable[str]) -> str:
    """Return the strategy that a task gets as a wrong one: another than the `right` one.

    Spread evenly over the strategies by the task's id, so that no single one stands for "wrong". Raises
    UserError where there is no other strategy.
    """
    others = sorted(name for name in strategies if name != right)
    if not others:
        raise UserError(
            f"There is no strategy other than {right}, so no task can be asked under a wrong one.",
            "Add a strategy, or choose another system message.",
        )
    number = int(hashlib.sha256(f"wrong strategy\n{task}".encode()).hexdigest(), 16)
    return others[number % len(others)]


@dataclass(frozen=True, kw_only=True)
class SampledAnswer:
    """One of a teacher's answers to a question: `correct` is None where nothing graded it."""

    record: str
    sample: int
    correct: bool | None
    length: int  # of the answer, in tokens, or in characters where tokens are unknown


def first_of(answers: Sequence[SampledAnswer]) -> SampledAnswer:
    """Return the answer that the teacher gave first, whatever its grade."""
    return min(answers, key=lambda one: (one.sample, one.record))


def best_of(answers: Sequence[SampledAnswer]) -> SampledAnswer:
    """Return the shortest correct answer; without one, the shortest ungraded, else the shortest."""
    rank = {True: 0, None: 1, False: 2}
    return min(answers, key=lambda one: (rank[one.correct], one.length, one.sample, one.record))
