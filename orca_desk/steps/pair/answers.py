"""The answers of a tournament: which were asked for, what they are, what they cost, and their grades."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.records import TeacherAnswer, teacher_answers
from orca_desk.method.evidence import Trial
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.pair.graders import ProbeGrader, TrialAnswer
from orca_desk.steps.pair.rounds import Pair
from orca_desk.steps.teaching import Ask, Teacher, identify_ask

FIRST_GUESS = 200  # tokens of an answer, before there is one
Key = tuple[str, str]  # task id, strategy
Tried = dict[str, dict[Key, list[Trial]]]  # by family


class AnswerTally:
    """Counts answers, each once, and their tokens."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.tokens = 0

    @property
    def answers(self) -> int:
        """How many different answers there are."""
        return len(self._seen)

    def add(self, identity: str, tokens: int) -> None:
        """Count an answer, unless it was counted before."""
        if identity not in self._seen:
            self._seen.add(identity)
            self.tokens += tokens


class ProbeAnswers:
    """The answers of one teacher to pairs of tasks and strategies, each asked `samples` times.

    `used` counts the answers to the pairs that were asked that often; `failed` are those that the teacher
    could not give, by identity.
    """

    def __init__(
        self,
        library: Library,
        tasks: Mapping[str, Sequence[Task]],
        strategies: Sequence[Strategy],
        *,
        teacher: Teacher,
        sampling: Sampling,
        samples: int,
    ) -> None:
        self._library, self._teacher, self._sampling, self._samples = library, teacher, sampling, samples
        self._families = tuple(tasks)
        self._tasks = {(family, task.id): task for family, those in tasks.items() for task in those}
        self._strategies = {one.name: one for one in strategies}
        self._identities: dict[Pair, tuple[str, ...]] = {}
        self._given: dict[str, TeacherAnswer] = {}
        self.asked: dict[Pair, None] = {}
        self.failed: set[str] = set()
        self.used = AnswerTally()

    @property
    def none_given(self) -> bool:
        """Whether the teacher failed at everything so far."""
        return bool(self.failed) and not self._given

    def asks(self, pair: Pair) -> list[Ask]:
        """Return what is asked for a pair."""
        family, task, strategy = pair
        return [
            Ask(task=self._tasks[family, task], strategy=self._strategies[strategy], sample=sample)
            for sample in range(self._samples)
        ]

    def fail(self, asks: Iterable[Ask]) -> None:
        """Note what the teacher could not answer."""
        self.failed.update(map(self._identify, asks))

    def read(self, pairs: Sequence[Pair]) -> None:
        """Read the answers to pairs, and note which were asked as often as wanted."""
        self._given |= teacher_answers(
            self._library, [identity for pair in pairs for identity in self._ids(pair)]
        )
        for pair in pairs:
            if all(identity in self._given or identity in self.failed for identity in self._ids(pair)):
                self.asked[pair] = None
                for _, identity in self._of(pair):
                    self.used.add(identity, self._given[identity].tokens)

    def usual_tokens(self) -> tuple[dict[str, float], float]:
        """Return the mean tokens of an answer by strategy, and of one under a strategy without any."""
        tokens: dict[str, list[int]] = defaultdict(list)
        for pair in self.asked:
            tokens[pair[2]] += [self._given[identity].tokens for _, identity in self._of(pair)]
        known = [count for counts in tokens.values() for count in counts]
        usual = sum(known) / len(known) if known else min(FIRST_GUESS, self._sampling.max_tokens)
        return {name: sum(counts) / len(counts) for name, counts in tokens.items() if counts}, usual

    def grade(
        self, grader: ProbeGrader, *, progress: Progress, control: JobControl, log: Path | None
    ) -> Tried | None:
        """Grade all answers, by what the tasks say now; None if the job was stopped.

        A record may be older than the tournament: its task may have had another reference. What the user made
        of an answer is no evidence for a strategy.
        """
        given = [
            (pair, sample, self._given[identity])
            for pair in self.asked
            for sample, identity in self._of(pair)
        ]
        verdicts = grader.verdicts(
            [
                TrialAnswer(
                    task=self._tasks[family, task], strategy=name, sample=sample, response=answer.response
                )
                for (family, task, name), sample, answer in given
            ],
            progress=progress,
            control=control,
            log=log,
        )
        if verdicts is None:
            return None
        tried: Tried = {family: {} for family in self._families}
        for family, task, name in self.asked:
            tried[family][task, name] = []
        for ((family, task, name), sample, answer), verdict in zip(given, verdicts, strict=True):
            if verdict is not None:
                trial = Trial(
                    task_id=task,
                    family=family,
                    strategy=name,
                    correct=verdict,
                    tokens=answer.tokens,
                    sample=sample,
                )
                tried[family][task, name].append(trial)
        return tried

    def _of(self, pair: Pair) -> list[tuple[int, str]]:
        """Return the answers that a pair has: sample and identity."""
        return [
            (sample, identity) for sample, identity in enumerate(self._ids(pair)) if identity in self._given
        ]

    def _ids(self, pair: Pair) -> tuple[str, ...]:
        """Return the identities of the answers to a pair."""
        if pair not in self._identities:
            self._identities[pair] = tuple(map(self._identify, self.asks(pair)))
        return self._identities[pair]

    def _identify(self, asked: Ask) -> str:
        return identify_ask(asked, teacher=self._teacher, sampling=self._sampling)[0]
