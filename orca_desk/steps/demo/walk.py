"""The guided demo: the whole method in one walk. The best place to start reading Orca Desk.

`demo` below reads like a table of contents. Each of its lines is one step of the method, and each step has a
room of its own:

    pair       steps/pair/tournament.py        which strategy serves each family of tasks best?
    instruct   steps/instruct/generate.py      the teacher answers each task under its family's strategy
    erase      library/snapshots.py            the instruction is erased, and what is left frozen for training
    train      steps/train/training.py         the student learns to choose the strategy itself
    evaluate   steps/evaluate/evaluation.py    base, tuned student and teacher answer tasks that were held out
    chat       steps/chat/session.py           the student answers a question before and after training

The demo collects no tasks: it adds the bundled sample tasks to an empty library (steps/collect brings in
others). All of it is real, on the small models in `models/`: the same functions run behind the pages
and the commands. It trains the mini student, or a published model in its place: what the teacher did serves
both.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student, mini_teacher, require_real_student
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.runs import get_run
from orca_desk.library.samples import add_samples
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import TaskFilter, count_tasks, iterate_tasks
from orca_desk.library.trainings import get_training
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.pairing import Decision, Pairing
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.asking import Runner
from orca_desk.processes.overall import OverallProgress
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.session import ChatSession
from orca_desk.steps.demo.result import DemoResult, WorkedExample, scores_of
from orca_desk.steps.demo.stages import SHARES, AskedOutcome, FrozenOutcome, PairedOutcome, StageDone
from orca_desk.steps.demo.state import DemoStudent, demo_setting, mark_started
from orca_desk.steps.evaluate.evaluation import System, evaluate
from orca_desk.steps.evaluate.outcome import EvaluationOutcome
from orca_desk.steps.evaluate.scoring import Evaluated, compare_evaluations, score
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.pair.tournament import tournament
from orca_desk.steps.train.presets import MINI
from orca_desk.steps.train.training import train
from orca_desk.student.settings import TrainSettings

LEADING = "The most accurate so far; the answers of the demo are too few for a choice"
PROBED_TASKS = 128  # per family and strategy at most: enough where several strategies are as good
SAMPLING = Sampling(max_tokens=200)  # the longest of the mini teacher's answers has about 120 tokens
TRAINING = MINI
REAL_TRAINING = TrainSettings(learning_rate=5e-4, epochs=1, max_length=512)
SETTINGS: Mapping[DemoStudent, TrainSettings] = {"mini": TRAINING, "real": REAL_TRAINING}
BY_TEACHER = ("pair", "instruct", "teacher")  # stages whose work serves the demo of either student
WORKED_EXAMPLE = "worked-example"  # the tag of the John-and-Mark task


@dataclass(frozen=True, kw_only=True)
class DemoModels:
    """The teacher's GGUF file and the student: a folder, or a GGUF file. `name` says which demo it is."""

    teacher: Path
    student: Path
    name: DemoStudent = "mini"


@dataclass(frozen=True, kw_only=True)
class TrainedStudent:
    """The student's GGUF file, and the GGUF file of the adapter that training made."""

    model: Path
    adapter: Path


def bundled(student: DemoStudent = "mini") -> DemoModels:
    """Return the bundled models of a demo. Raises UserError where the real student is not installed."""
    if student == "mini":
        return DemoModels(teacher=mini_teacher(), student=mini_student())
    return DemoModels(teacher=mini_teacher(), student=require_real_student(), name="real")


def demo(
    library: Library,
    models: DemoModels,
    *,
    on_stage: Callable[[StageDone], None] = lambda stage: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> DemoResult | None:
    """Walk through the method from sample tasks to a student that reasons; return None if it was stopped.

    Every stage saves what it has done, so the same call resumes where an earlier one stopped. Raises
    UserError when a stage cannot be done.
    """
    if not count_tasks(library):
        add_samples(library)
    mark_started(library, models.name)
    walk = _Walk(library, models, on_stage, progress, control or JobControl())
    try:
        pairings = walk.pair()
        walk.instruct()
        snapshot = walk.erase()
        student = walk.train(snapshot)
        base = walk.evaluate("base", Runner(model=student.model), System())
        tuned = walk.evaluate("tuned", Runner(model=student.model, adapter=student.adapter), System())
        teacher = walk.evaluate("teacher", walk.teacher, System(kind="strategy"))
        worked = walk.chat(student)
    except _StoppedError:
        return None
    return DemoResult(
        scores={"base": scores_of(base), "tuned": scores_of(tuned), "teacher": scores_of(teacher)},
        runs={"base": base.run, "tuned": tuned.run, "teacher": teacher.run},
        pairings=pairings,
        adherence=tuned.adherence,
        gain=compare_evaluations(library, tuned.run, base.run)["overall"],
        gap=compare_evaluations(library, teacher.run, tuned.run)["overall"],
        question=walk.example().user_text,
        worked=worked,
        model=student.model,
        adapter=student.adapter,
        seconds=walk.seconds(),
        student=models.name,
    )


class _StoppedError(Exception):
    """The user stopped the demo; what it has done is saved."""


class _Walk:
    """The stages: each calls its step, times it, and raises _StoppedError if it was stopped."""

    def __init__(
        self,
        library: Library,
        models: DemoModels,
        on_stage: Callable[[StageDone], None],
        progress: Progress,
        control: JobControl,
    ) -> None:
        self.teacher = Runner(model=models.teacher)
        self._library, self._models, self._on_stage = library, models, on_stage
        self._progress = OverallProgress(progress, tuple(SHARES[models.name].values()))
        self._job: dict[str, Any] = {"progress": self._progress, "control": control}
        self._stages: list[StageDone] = []
        self._stage_began = time.monotonic()

    def pair(self) -> dict[str, str]:
        """Pair each family with the strategy that serves it best; return the strategies by family."""
        if done := self._remembered("pair"):
            run = done["run"]
            pairings: Mapping[str, Pairing] = _paired(self._library)
        else:
            found = tournament(
                self._library, self.teacher, per_family=PROBED_TASKS, sampling=SAMPLING, **self._job
            )
            _stop_unless(found.finished)
            run, pairings = found.run, {**found.pairings, **_leading(self._library, found.undecided)}
            self._remember("pair", {"run": run})
        self._finish("probe and pair", PairedOutcome.of(pairings.values()).to_json(), run)
        return {family: pairing.strategy for family, pairing in pairings.items()}

    def instruct(self) -> None:
        """Have the teacher answer all training tasks, each under its family's strategy."""
        if done := self._remembered("instruct"):
            self._finish("generate", get_run(self._library, done["run"]).outcome, done["run"])
            return
        tasks = list(iterate_tasks(self._library, TaskFilter(split="train")))
        made = generate(self._library, self.teacher, tasks, sampling=SAMPLING, **self._job)
        _stop_unless(made.finished)
        self._remember("instruct", {"run": made.run})
        self._finish("generate", get_run(self._library, made.run).outcome, made.run)

    def erase(self) -> str:
        """Erase the instructions and freeze the records as a snapshot; return its id."""
        snapshot = freeze(self._library, name="demo", instruction=CAUTIOUS)
        frozen = FrozenOutcome(records=snapshot.records, left_out=snapshot.left_out)
        self._finish("erase and freeze", frozen.to_json())
        return snapshot.id

    def train(self, snapshot: str) -> TrainedStudent:
        """Train the student on a snapshot, and check that llama.cpp serves what was trained."""
        if done := self._trained_earlier():
            run = self._remembered("train")
            self._finish("train", "Already trained.", run["run"] if run else None)
            return done
        settings = SETTINGS[self._models.name]
        made = train(self._library, self._models.student, snapshot, settings=settings, **self._job)
        _stop_unless(made.finished)
        if made.base_gguf is None or made.adapter_gguf is None or made.parity is None:
            raise _StoppedError  # before the adapter was exported and checked
        self._remember("train", {"run": made.run, "model": str(made.base_gguf)})
        self._finish("train", made.parity.to_json(), made.run)
        return TrainedStudent(model=made.base_gguf, adapter=made.adapter_gguf)

    def evaluate(self, who: str, runner: Runner, system: System) -> Evaluated:
        """Have one of the three models answer the held-out tasks."""
        if done := self._remembered(who):
            found = score(self._library, done["run"])
        else:
            tasks = list(iterate_tasks(self._library, TaskFilter(split="heldout", has_answer=True)))
            found = evaluate(
                self._library, runner, tasks, system=system, sampling=SAMPLING, forgetting=True, **self._job
            )
            _stop_unless(found.finished)
            self._remember(who, {"run": found.run})
        right = found.overall.accuracy
        outcome = EvaluationOutcome(
            correct=right.correct, graded=right.n - found.unasked, failed=found.failed
        )
        self._finish(f"evaluate {who}", outcome.to_json(), found.run)
        return found

    def chat(self, student: TrainedStudent) -> dict[str, WorkedExample]:
        """Ask the base and the tuned student the worked example, each in a chat of its own."""
        example = self.example()
        messages = [Message("system", CAUTIOUS), Message("user", example.user_text)]
        worked: dict[str, WorkedExample] = {}
        for who, adapter in (("base", None), ("tuned", student.adapter)):
            with ChatSession(student.model, adapter) as session:
                answer = "".join(session.send(messages, SAMPLING))
            verdict = grade_answer(example, answer)
            assert verdict is not None
            worked[who] = WorkedExample(answer=answer, verdict=verdict)
        asked = AskedOutcome(verdicts={who: one.verdict for who, one in worked.items()})
        self._finish("chat", asked.to_json())
        return worked

    def example(self) -> Task:
        """Return the task about John and Mark. Raises UserError where the library lacks it."""
        example = next(iterate_tasks(self._library, TaskFilter(tag=WORKED_EXAMPLE, limit=1)), None)
        if example is None:
            raise UserError(
                "The worked example is not in this library.", "Run the demo in a new library folder."
            )
        return example

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each stage, interrupted calls included, and of all as "total"."""
        times = {stage.name: round(stage.seconds, 1) for stage in self._stages}
        return {**times, "total": round(sum(stage.seconds for stage in self._stages), 1)}

    def _finish(self, name: str, outcome: str, run: str | None = None) -> None:
        """Time the stage that ends now, by its `run` if it has one, and report it."""
        now = time.monotonic()
        seconds = get_run(self._library, run).seconds if run else None
        if seconds is None:
            seconds = now - self._stage_began
        self._stages.append(StageDone(name=name, outcome=outcome, seconds=seconds))
        self._stage_began = now
        self._progress.finish()
        self._on_stage(self._stages[-1])

    def _trained_earlier(self) -> TrainedStudent | None:
        """Return the student that an interrupted call has trained, if its adapter is still there."""
        done = self._remembered("train")
        adapter = get_training(self._library, done["run"]).adapter_gguf if done else None
        if done is None or adapter is None or not adapter.exists():
            return None
        return TrainedStudent(model=Path(done["model"]), adapter=adapter)

    def _remember(self, stage: str, value: dict[str, str]) -> None:
        set_setting(self._library, self._place_of(stage), value)

    def _remembered(self, stage: str) -> dict[str, str] | None:
        """Return what an interrupted call remembered of a stage that it finished."""
        value: dict[str, str] | None = get_setting(self._library, self._place_of(stage))
        return value if value and get_run(self._library, value["run"]).status == "done" else None

    def _place_of(self, stage: str) -> str:
        """Return the setting that remembers a stage: each student has its own, both share the teacher's."""
        return demo_setting("mini" if stage in BY_TEACHER else self._models.name, stage)


def _leading(library: Library, undecided: Mapping[str, Decision]) -> dict[str, Pairing]:
    """Pair families without a choice with their most accurate strategy: the demo needs one for each."""
    pairings = {
        family: Pairing(family=family, strategy=one.leader, evidence=one.evidence, reason=LEADING)
        for family, one in undecided.items()
    }
    set_pairings(library, pairings.values(), source="measured")
    return pairings


def _paired(library: Library) -> dict[str, Pairing]:
    """Return the pairings that an interrupted call has measured."""
    return {
        family: one.pairing for family, one in current_pairings(library).items() if one.source == "measured"
    }


def _stop_unless(finished: bool) -> None:
    if not finished:
        raise _StoppedError
