"""Has the teacher vary tasks: it suggests changes, writes the changed tasks, and answers each some times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, iterate_tasks, tasks_asking
from orca_desk.method.overlap import find_overlaps
from orca_desk.method.pairing import strategy_for
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Sampling, Task, digest, question_key
from orca_desk.method.variations import (
    CHANGES,
    EDIT_SYSTEM,
    SUGGEST_SYSTEM,
    edit_request,
    read_suggestions,
    read_task,
    suggest_request,
)
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.grading import agree_on
from orca_desk.steps.grow.batches import GrowingBatches
from orca_desk.steps.grow.grown import Grown
from orca_desk.steps.grow.replies import ReplyDesk, Wording
from orca_desk.steps.grow.teacher_request import TeacherRequest
from orca_desk.steps.recorder import find_or_create_run, record_run
from orca_desk.yielding import yielding

KIND = "grow-like"
BATCH = 32  # seed tasks of which the proposals are there before the next ones are varied
MOST_SEEDS = 2_000
WRITE_SAMPLING = Sampling(temperature=0.7, max_tokens=512)
LEAST_ANSWERS = 3  # two agree or differ: a vote needs one more
DEFAULT_STRATEGY = "step-by-step"  # of families that are not paired yet


@dataclass(frozen=True, kw_only=True)
class LikeRequest(TeacherRequest):
    """Which seed tasks, which teacher, which changes (keys of `method.variations.CHANGES`), how many.

    `each` is the number of new tasks per seed and change. A new task is answered `answers` times; the answer
    that at least the share `agreement` of them gives becomes its reference, and confirms it. Held-out tasks
    are not seeds: what is trained on would be like what is tested.
    """

    kind: ClassVar[str] = KIND
    seeds: TaskFilter = field(default_factory=TaskFilter)
    changes: tuple[str, ...] = tuple(CHANGES)
    each: int = 1
    answers: int = 5
    agreement: float = 0.6
    sampling: Sampling = field(default_factory=lambda: WRITE_SAMPLING)

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """See StoredRequest."""
        seeds = dict(stored["seeds"])
        lists = {name: tuple(seeds[name]) for name in ("ids", "families") if seeds.get(name) is not None}
        return {
            **super().values_of(stored),
            "seeds": TaskFilter(**{**seeds, **lists}),
            "changes": tuple(stored["changes"]),
        }

    def grow(
        self, library: Library, *, progress: Progress = silent, control: JobControl | None = None
    ) -> Grown:
        """Propose tasks. Raises UserError without a seed task, for a bad choice, and as the worker does."""
        control = control or JobControl()
        self._require_sound()
        seeds = [one for one in iterate_tasks(library, self.seeds) if one.split == "train"][:MOST_SEEDS]
        if not seeds:
            raise UserError("No training task matches, so there is nothing to vary.", "Widen the filter.")
        with KeptWorker() as keep:
            desk = ReplyDesk(library, self.runner, keep)
            settings = {
                **desk.settings,
                "seeds": digest(sorted(one.id for one in seeds)),
                "changes": sorted(self.changes),
                "each": self.each,
                "answers": self.answers,
                "agreement": self.agreement,
                "sampling": asdict(self.sampling),
            }
            run = find_or_create_run(library, KIND, settings, self.to_json())
            with record_run(library, run, progress=progress) as recorder:
                work = _Variations(
                    self,
                    library,
                    desk,
                    run,
                    seeds,
                    control=control,
                    progress=recorder.report,
                    log=recorder.log,
                )
                grown = work.grow()
                recorder.outcome, recorder.finished = grown.to_json(), grown.finished
        return grown

    def _require_sound(self) -> None:
        if unknown := sorted(set(self.changes) - CHANGES.keys()):
            raise UserError(
                f"There is no change named {', '.join(unknown)}.", f"Choose from: {', '.join(CHANGES)}."
            )
        if self.answers < LEAST_ANSWERS or not self.sampling.temperature:
            raise UserError(
                f"A vote takes at least {LEAST_ANSWERS} answers at a temperature above 0.",
                "Ask for more answers, or raise the temperature.",
            )


@dataclass(frozen=True, kw_only=True)
class _Varied:
    """A task that the teacher wrote, from which seed, by which change and suggestion."""

    seed: Task
    change: str
    suggestion: str
    task: Task


class _Variations(GrowingBatches[Task]):
    """A run in progress."""

    source, size = "tasks", BATCH

    def __init__(self, request: LikeRequest, *given: Any, **how: Any) -> None:
        # Suggesting, writing a task for each suggestion, and answering it several times
        super().__init__(*given, stages=(1, 1, request.answers), **how)
        self.request = request
        self._strategies = current_strategies(self.library)
        self._pairings = current_pairings(self.library)
        self._seen: set[str] = set()

    def take(self, seeds: Sequence[Task]) -> bool:
        """See `GrowingBatches`."""
        suggested = self._suggest(seeds)
        if suggested is None:
            return False
        varied = self._edit(suggested)
        if varied is None:
            return False
        answers = self._answer(varied)
        if answers is None:
            return False
        self.store([self._proposal(one, answers.get(one.task.id, [])) for one in yielding(varied)])
        return True

    def _suggest(self, seeds: Sequence[Task]) -> list[tuple[Task, str, str]] | None:
        """Return seed, change and suggestion; None if the user stopped."""
        wanted = {f"{seed.id} {change}": (seed, change) for seed in seeds for change in self.request.changes}
        replies = self.ask(
            {
                key: Wording(
                    system=SUGGEST_SYSTEM,
                    user=suggest_request(seed.user_text, change, self.request.each),
                    sampling=self.request.sampling,
                )
                for key, (seed, change) in wanted.items()
            },
            stage="suggesting changes",
        )
        if not replies.finished:
            return None
        found: list[tuple[Task, str, str]] = []
        for key, reply in replies.found.items():
            suggestions = read_suggestions(reply.reply, self.request.each, reply.finish_reason)
            self.counts["unread"] += suggestions.unread
            found += [(*wanted[key], text) for text in suggestions.texts]
        return found

    def _edit(self, suggested: Sequence[tuple[Task, str, str]]) -> list[_Varied] | None:
        """Return the new tasks, those that repeat the library or each other left out; None after a stop."""
        wanted = {digest([seed.id, change, text]): (seed, change, text) for seed, change, text in suggested}
        replies = self.ask(
            {
                key: Wording(
                    system=EDIT_SYSTEM,
                    user=edit_request(seed.user_text, text),
                    sampling=self.request.sampling,
                )
                for key, (seed, _, text) in wanted.items()
            },
            stage="writing tasks",
        )
        if not replies.finished:
            return None
        varied: list[_Varied] = []
        for key, reply in replies.found.items():
            seed, change, text = wanted[key]
            query = read_task(reply.reply, reply.finish_reason)
            if query is None:
                self.counts["unread"] += 1
                continue
            task = Task(
                family=seed.family, query=query, answer_kind=seed.answer_kind, tags=(*seed.tags, "grown")
            )
            varied.append(_Varied(seed=seed, change=change, suggestion=text, task=task))
        return list(self._distinct(varied))

    def _distinct(self, varied: Sequence[_Varied]) -> Iterator[_Varied]:
        """Yield the tasks that are new: not the seed again, nearly or exactly, nor in the library."""
        known = tasks_asking(self.library, [one.task.user_text for one in varied])
        seeds = {one.seed.id: (one.seed.id, one.seed.user_text) for one in varied}
        near = find_overlaps(((one.task.id, one.task.user_text) for one in varied), seeds.values())
        for one in varied:
            key = question_key(one.task.user_text)
            if one.task.user_text in known or one.task.id in near or key in self._seen:
                self.counts["repeated"] += 1
            else:
                self._seen.add(key)
                yield one

    def _answer(self, varied: Sequence[_Varied]) -> dict[str, list[str]] | None:
        """Return the answers to each new task, by its id, under its family's strategy; None after a stop."""
        replies = self.ask(
            {
                f"{one.task.id} {sample}": Wording(
                    system=self._instruction(one.task),
                    user=one.task.user_text,
                    sampling=self.request.sampling,
                    sample=sample,
                )
                for one in varied
                for sample in range(self.request.answers)
            },
            stage="answering",
        )
        if not replies.finished:
            return None
        found: dict[str, list[str]] = {}
        for key, reply in replies.found.items():
            text = reply.reply if reply.finish_reason == "stop" else ""  # one that was cut off gives no vote
            found.setdefault(key.split()[0], []).append(text)
        return found

    def _instruction(self, task: Task) -> str:
        return self._strategies[strategy_for(task, self._pairings, DEFAULT_STRATEGY)].instruction

    def _proposal(self, one: _Varied, answers: Sequence[str]) -> Proposal:
        vote = agree_on(one.task, answers)
        agreed = vote.winner if vote.winner and vote.reaches(self.request.agreement) else None
        task = one.task if agreed is None else _with_answer(one.task, agreed.answer)
        return Proposal(
            task=task,
            ancestry={
                "kind": "task",
                "task": one.seed.id,
                "change": one.change,
                "suggestion": one.suggestion,
                "teacher": self.desk.sha256,
            },
            checks={
                "answers": vote.n,
                "without_vote": len(vote.without_vote),
                "votes": [[each.answer, each.votes] for each in vote.candidates],
            },
            confirmed=agreed is not None,
        )


def _with_answer(task: Task, answer: str) -> Task:
    return Task(**{**asdict(task), "tags": task.tags, "answer": answer})
