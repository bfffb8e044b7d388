"""Proposes procedural tasks: reasoning-gym makes the questions in a worker, the library stores them at once.

A question depends on generator, level and seed alone. A run that was cut off resumes after the last seed of
which it stored a proposal.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.proposals import ProposalFilter, add_proposals, list_proposals
from orca_desk.library.tasks import tasks_asking
from orca_desk.method.procedural import (
    KINDS,
    LEFT_OUT,
    LICENCE,
    MOST_SEED,
    SEEDS,
    family_of,
    grading_of,
    seed_of,
)
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Split, Task, question_key
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError, WorkerEndedError
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.grow.generators import ENVIRONMENT, lacking
from orca_desk.steps.grow.grown import Grown
from orca_desk.steps.recorder import find_or_create_run, record_run
from orca_desk.steps.stored_request import StoredRequest

KIND = "grow-procedural"
STAGE = "making tasks"
SECONDS_TO_STOP = 1.0  # the worker has nothing to save
AT_ONCE = 50  # questions in one request to the worker
MOST_TRIES = 4  # times the wanted number; a generator may know only some tens of questions
SPARE_TRIES = 100
MOST_STUCK = 3  # questions of a generator that may take too long before it is left
MOST_TASKS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ProceduralRequest(StoredRequest):
    """Which generators, how difficult, and how many tasks of each generator at each level.

    `levels` is empty for the difficulty that the generator's authors chose. `heldout` is a percentage;
    `seed` is the first seed, and another one gives other questions.
    """

    kind: ClassVar[str] = KIND
    generators: tuple[str, ...]
    levels: tuple[int, ...] = ()
    count: int = 100
    heldout: float = 10.0
    seed: int = 0

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """See StoredRequest. Nothing is sampled here."""
        return {**stored, "generators": tuple(stored["generators"]), "levels": tuple(stored["levels"])}

    def grow(
        self, library: Library, *, progress: Progress = silent, control: JobControl | None = None
    ) -> Grown:
        """Propose tasks. Raises UserError for a bad choice, and where reasoning-gym is not installed."""
        self._require_sound()
        run = find_or_create_run(library, KIND, self.to_json(), self.to_json())
        with record_run(library, run, progress=progress) as recorder:
            work = _Making(self, library, run, control or JobControl(), recorder.report, recorder.log)
            grown = work.grow()
            recorder.outcome, recorder.finished = grown.to_json(), grown.finished
        return grown

    def parts(self) -> "list[_Part]":
        """Return what is to be made, the held-out questions first: no training question may repeat one."""
        held = round(self.count * self.heldout / 100)
        wanted: dict[Split, int] = {"heldout": held, "train": self.count - held}
        return [
            _Part(generator=name, level=level, split=split, wanted=number)
            for split, number in wanted.items()
            for name in dict.fromkeys(self.generators)
            for level in self.levels or (None,)
            if number
        ]

    def _require_sound(self) -> None:
        if not self.generators:
            raise UserError("No generator is chosen.", "Choose one or more.")
        if barred := sorted(set(self.generators) & LEFT_OUT):
            raise UserError(
                f"{barred[0]} cannot be used here.", "Choose others: orca-desk tasks grow generators"
            )
        if not 0 <= self.heldout <= 100:
            raise UserError("The percentage to hold out must be from 0 to 100.")
        if not 0 <= self.seed <= MOST_SEED:
            raise UserError(f"The seed must be from 0 to {MOST_SEED:,}.")
        total = self.count * len(self.generators) * max(1, len(self.levels))
        if not self.count >= 1 or total > MOST_TASKS:
            raise UserError(f"{total:,} tasks cannot be made at once.", f"Make 1 to {MOST_TASKS:,}.")


@dataclass(kw_only=True)
class _Part:
    """The questions of one generator, level and split: how many are wanted and there, and the next place."""

    generator: str
    level: int | None
    split: Split
    wanted: int
    made: int = 0
    place: int = 0
    stuck: int = 0

    @property
    def key(self) -> tuple[str, int | None, Split]:
        """What its questions have in common."""
        return self.generator, self.level, self.split

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to try."""
        tried = self.place >= self.wanted * MOST_TRIES + SPARE_TRIES
        return self.made >= self.wanted or tried or self.stuck >= MOST_STUCK


@dataclass
class _Making:
    """A run in progress."""

    request: ProceduralRequest
    library: Library
    run: str
    control: JobControl
    progress: Progress
    log: Path
    version: str = ""
    part: _Part | None = None  # that of the last request
    is_stuck: bool = False  # whether the worker ended because of one question
    seen: set[str] = field(default_factory=set)
    counts: "Counter[str]" = field(default_factory=Counter)
    failed: "Counter[str]" = field(default_factory=Counter)

    def grow(self) -> Grown:
        """Make all parts, until the user stops."""
        self.parts = self.request.parts()
        self._take_up()
        total = sum(part.wanted for part in self.parts)
        self.meter = Meter(
            self.progress, stage=STAGE, total=total, unit="tasks", already=self.counts["proposed"]
        )
        finished = True
        while finished and any(not part.is_over for part in self.parts):
            finished = self._attend()
        counts = self.counts
        return Grown(
            source="generators",
            given=len(set(self.request.generators)),
            proposed=counts["proposed"],
            new=counts["new"],
            confirmed=counts["confirmed"],
            unconfirmed=counts["unconfirmed"],
            repeated=counts["repeated"],
            failed=dict(self.failed),
            finished=finished,
            run=self.run,
        )

    def _attend(self) -> bool:
        """Run the worker until it has made everything, or a question took too much; False after a stop."""
        self.part, self.is_stuck = None, False
        try:
            return run_worker(
                "procedural",
                {"do": "make"},
                requests=self._requests(),
                on_events=self._receive,
                control=self.control,
                log=self.log,
                environment=ENVIRONMENT,
                seconds_to_stop=SECONDS_TO_STOP,
            )
        except (WorkerEndedError, WorkerCrashError):
            if not self.is_stuck:
                raise
            return not self.control.stopped

    def _requests(self) -> Iterator[Mapping[str, Any]]:
        for part in self.parts:
            while not part.is_over:
                self.part = part
                yield {
                    "generator": part.generator,
                    "level": part.level,
                    "first": seed_of(part.split, self.request.seed, 0),
                    "start": part.place,
                    "count": min(AT_ONCE, part.wanted - part.made),
                }

    def _receive(self, events: Sequence[Mapping[str, Any]]) -> None:
        for event in events:
            match event["event"]:
                case "lacking":
                    raise lacking()
                case "version":
                    self.version = event["version"]
                case "made":
                    self._store(event["rows"])
                case "refused" if self.part is not None:
                    self.part.stuck = MOST_STUCK
                    self.failed[f"{self.part.generator}: {event['reason']}"] += 1
                case "stuck" if self.part is not None:
                    self.is_stuck = True
                    self.part.place = event["place"] + 1
                    self.part.stuck += 1
                    self.failed[f"{self.part.generator}: a question took too much time or memory"] += 1

    def _store(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store the questions that neither the run nor the library has."""
        part = self.part
        if part is None or not rows:
            return
        proposals = []
        for row in rows:
            if "reason" in row:
                self.failed[f"{part.generator}: {row['reason']}"] += 1
            else:
                proposals.append(self._proposal(part, row))
        known = tasks_asking(self.library, [one.task.user_text for one in proposals])
        fresh: list[Proposal] = []
        for one in proposals:
            key = question_key(one.task.user_text)
            if one.task.user_text in known or key in self.seen:
                self.counts["repeated"] += 1
            else:
                self.seen.add(key)
                fresh.append(one)
        self.counts["new"] += add_proposals(self.library, self.run, fresh)
        for one in fresh:
            self._count(part, one)
        part.place = rows[-1]["place"] + 1
        self.meter.advance(len(fresh))

    def _count(self, part: _Part, one: Proposal) -> None:
        part.made += 1
        self.counts["proposed"] += 1
        if one.confirmed is not None:
            self.counts["confirmed" if one.confirmed else "unconfirmed"] += 1

    def _proposal(self, part: _Part, row: Mapping[str, Any]) -> Proposal:
        graded = grading_of(part.generator) == "reference" and row["answer"]
        level = () if part.level is None else (f"level-{part.level}",)
        task = Task(
            family=family_of(part.generator),
            query=row["question"],
            answer=row["answer"] if graded else None,
            answer_kind=KINDS.get(part.generator) if graded else None,
            tags=("grown", "reasoning-gym", *level),
            split=part.split,
        )
        checks: dict[str, Any] = {"verifier": row["verified"]}
        confirmed = None
        if graded:
            verdict = grade_answer(task, f"Answer: {row['answer']}")
            checks["grader"] = bool(verdict and verdict.correct)
            confirmed = bool(row["verified"]) and checks["grader"]
        elif row["answer"]:
            checks["example"] = row["answer"]  # one of several correct answers
        return Proposal(
            task=task,
            ancestry={
                "kind": "generator",
                "generator": part.generator,
                "level": part.level,
                "seed": seed_of(part.split, self.request.seed, row["place"]),
                "source": f"reasoning-gym {self.version}",
                "licence": LICENCE,
            },
            checks=checks,
            confirmed=confirmed,
        )

    def _take_up(self) -> None:
        """Count what an earlier part of this run stored, and resume after it."""
        parts = {part.key: part for part in self.parts}
        after: int | None = 0
        while after is not None:
            page = list_proposals(self.library, ProposalFilter(run=self.run, after=after))
            for stored in page.items:
                proposal = stored.proposal
                made_of = proposal.ancestry
                # Its split may have been edited since; the seed tells the part
                split: Split = "heldout" if made_of["seed"] >= SEEDS["heldout"] else "train"
                self.seen.add(question_key(proposal.task.user_text))
                part = parts.get((made_of["generator"], made_of["level"], split))
                if part is not None:
                    place = made_of["seed"] - seed_of(split, self.request.seed, 0)
                    part.place = max(part.place, place + 1)
                    self._count(part, proposal)
                    self.counts["new"] += 1
            after = page.next
