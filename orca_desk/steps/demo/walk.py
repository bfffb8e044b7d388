"""The guided demo: the whole method on the bundled models, one step after the other, all of it real."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import atomic_write
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.library.trainings import get_training
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.grading import Verdict, grade
from orca_desk.method.messages import Message
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Sampling, Task
from orca_desk.method.statistics import Comparison, Share
from orca_desk.paths import bundled_models
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.chat.session import ChatSession
from orca_desk.steps.demo.place import BEGUN, result_file
from orca_desk.steps.evaluate.evaluation import Evaluated, System, compare_evaluations, evaluate, score
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.pair.probe import probe
from orca_desk.steps.train.training import train
from orca_desk.student.settings import TrainSettings

PROBED_TASKS = 16  # a family and strategy: enough to tell a strategy that works from one that does not
SAMPLING = Sampling(max_tokens=200)  # the longest of the mini teacher's answers has about 120 tokens
TRAINING = TrainSettings(learning_rate=5e-3, epochs=4, batch_tokens=2048, max_length=512)
WORKED_EXAMPLE = "worked-example"  # the tag of the John-and-Mark task


@dataclass(frozen=True, kw_only=True)
class DemoModels:
    """The teacher's GGUF file and the student's folder."""

    teacher: Path
    student: Path


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that was done: its name, what came of it in a sentence or a few lines, and its seconds."""

    name: str
    outcome: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Worked:
    """The worked example: what a model answered and how that was graded."""

    answer: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What the demo found. `adherence` is the tuned student's: it was told nothing of any strategy.

    `gain` compares tuned and base task by task, `gap` teacher and tuned. `seconds` are those of this call.
    """

    base: Evaluated
    tuned: Evaluated
    teacher: Evaluated
    adherence: Share
    gain: Comparison
    gap: Comparison
    pairings: Mapping[str, str]
    question: str
    worked: Mapping[str, Worked]
    model: Path
    adapter: Path
    seconds: Mapping[str, float]


def bundled() -> DemoModels:
    """Return the bundled mini models."""
    return DemoModels(
        teacher=bundled_models() / "mini-teacher" / "mini-teacher.gguf",
        student=bundled_models() / "mini-student",
    )


def demo(
    library: Library,
    models: DemoModels,
    *,
    on_step: Callable[[Step], None] = lambda step: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Demo | None:
    """Probe, pair, generate, erase, freeze, train, evaluate and chat; None when it was stopped.

    Every step keeps what it has done, so the same call goes on where an earlier one stopped. Raises
    UserError where a step cannot be done.
    """
    return _Guide(library, models, on_step, progress, control or JobControl()).run()


class _Guide:
    """Walks through the steps and times them."""

    def __init__(
        self,
        library: Library,
        models: DemoModels,
        on_step: Callable[[Step], None],
        progress: Progress,
        control: JobControl,
    ) -> None:
        self.library, self.models = library, models
        self.on_step = on_step
        self.shown: dict[str, Any] = {"progress": progress, "control": control}
        self.control = control
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()

    def run(self) -> Demo | None:
        began = time.monotonic()
        set_setting(self.library, BEGUN, True)
        teacher = Runner(model=self.models.teacher)
        pairings = self._pair(teacher)
        if self.control.stopped or not self._generate(teacher):
            return None
        trained = self._train(self._freeze())
        if trained is None:
            return None
        model, adapter = trained
        base = self._evaluate("base", Runner(model=model), System())
        tuned = self._evaluate("tuned", Runner(model=model, adapter=adapter), System())
        taught = self._evaluate("teacher", teacher, System(kind="strategy"))
        if base is None or tuned is None or taught is None:
            return None
        worked = self._chat(model, adapter)
        self.seconds["total"] = time.monotonic() - began
        return Demo(
            base=base,
            tuned=tuned,
            teacher=taught,
            adherence=tuned.adherence,
            gain=compare_evaluations(self.library, tuned.run, base.run)["overall"],
            gap=compare_evaluations(self.library, taught.run, tuned.run)["overall"],
            pairings=pairings,
            question=self._example().user_text,
            worked=worked,
            model=model,
            adapter=adapter,
            seconds=self.seconds,
        )

    def _done(self, name: str, outcome: str) -> None:
        """Tell of a step that was done since the last one."""
        now = time.monotonic()
        self.seconds[name] = now - self._began
        self._began = now
        self.on_step(Step(name=name, outcome=outcome, seconds=self.seconds[name]))

    def _pair(self, teacher: Runner) -> dict[str, str]:
        found = probe(self.library, teacher, per_family=PROBED_TASKS, sampling=SAMPLING, **self.shown)
        if self.control.stopped:
            return {}
        chosen = {family: pairing.strategy for family, pairing in found.pairings.items()}
        lines = [_paired(pairing) for pairing in found.pairings.values()]
        self._done("probe and pair", "\n".join(lines))
        return chosen

    def _generate(self, teacher: Runner) -> bool:
        tasks = list(iterate_tasks(self.library, TaskFilter(split="train")))
        made = generate(self.library, teacher, tasks, sampling=SAMPLING, **self.shown)
        if made.finished:
            speed = f" {made.tokens / made.seconds:,.0f} tokens/s." if made.new else ""
            self._done("generate", f"{made.sentence}{speed}")
        return made.finished

    def _freeze(self) -> str:
        snapshot = freeze(self.library, name="demo", instruction=CAUTIOUS)
        left = ", ".join(f"{reason}: {count}" for reason, count in snapshot.left_out.items()) or "none"
        self._done(
            "erase and freeze",
            f"{snapshot.records:,} training records, all under the cautious message. Left out: {left}.",
        )
        return snapshot.id

    def _train(self, snapshot: str) -> tuple[Path, Path] | None:
        """Return the student's GGUF file and its adapter's."""
        done = self._remembered("train")
        if done:
            adapter = get_training(self.library, done["run"]).adapter_gguf
            if adapter and adapter.exists():
                self._done("train", "This was done before.")
                return Path(done["model"]), adapter
        made = train(self.library, self.models.student, snapshot, settings=TRAINING, **self.shown)
        if not made.finished or made.base_gguf is None or made.adapter_gguf is None or made.parity is None:
            return None
        self._remember("train", {"run": made.run, "model": str(made.base_gguf)})
        self._done("train", made.parity.sentence)
        return made.base_gguf, made.adapter_gguf

    def _evaluate(self, who: str, runner: Runner, system: System) -> Evaluated | None:
        if done := self._remembered(who):
            found = score(self.library, done["run"])
        else:
            tasks = list(iterate_tasks(self.library, TaskFilter(split="heldout", has_answer=True)))
            found = evaluate(self.library, runner, tasks, system=system, sampling=SAMPLING, **self.shown)
            if not found.finished:
                return None
            self._remember(who, {"run": found.run})
        right = found.overall.right
        self._done(f"evaluate {who}", f"{right.correct} of {right.n} held-out tasks right.")
        return found

    def _chat(self, model: Path, adapter: Path) -> dict[str, Worked]:
        """Ask base and tuned student the worked example, each in a chat of its own."""
        example = self._example()
        messages = [Message("system", CAUTIOUS), Message("user", example.user_text)]
        worked: dict[str, Worked] = {}
        for who, lora in (("base", None), ("tuned", adapter)):
            with ChatSession(model, lora) as session:
                answer = "".join(session.send(messages, SAMPLING))
            verdict = grade(answer, example.answer or "", example.answer_kind)
            worked[who] = Worked(answer=answer, verdict=verdict)
        self._done("chat", "\n".join(f"{who}: {one.verdict.reason}" for who, one in worked.items()))
        return worked

    def _example(self) -> Task:
        example = next(iterate_tasks(self.library, TaskFilter(tag=WORKED_EXAMPLE, limit=1)), None)
        if example is None:
            raise UserError(
                "The worked example is not in this library.", "Run the demo in a new library folder."
            )
        return example

    def _remember(self, step: str, value: dict[str, str]) -> None:
        set_setting(self.library, f"demo.{step}", value)

    def _remembered(self, step: str) -> dict[str, str] | None:
        """Return what a step that was done left behind."""
        value: dict[str, str] | None = get_setting(self.library, f"demo.{step}")
        return value if value and get_run(self.library, value["run"]).status == "done" else None


def summary(found: Demo) -> dict[str, Any]:
    """Return the demo's result as JSON values: {"base", "tuned", "teacher", "adherence", "seconds", ...}."""
    return {
        **{who: _scores(getattr(found, who)) for who in ("base", "tuned", "teacher")},
        "adherence": found.adherence.share,
        "adherence_interval": [found.adherence.low, found.adherence.high],
        "adherence_of": found.adherence.n,
        "tuned_minus_base": asdict(found.gain),
        "teacher_minus_tuned": asdict(found.gap),
        "pairings": dict(found.pairings),
        "question": found.question,
        "worked_example": {who: asdict(one) for who, one in found.worked.items()},
        "model": str(found.model),
        "adapter": str(found.adapter),
        "seconds": {name: round(value, 1) for name, value in found.seconds.items()},
    }


def finish(library: Library, found: Demo) -> None:
    """Note in the library's folder that the demo was finished there, and its result."""
    atomic_write(result_file(library.folder), json.dumps(summary(found), ensure_ascii=False, indent=2))


def _paired(pairing: Pairing) -> str:
    """Return a family's strategy, what it reached in the probe, and the best of the others."""
    chosen = next(one for one in pairing.evidence if one.strategy == pairing.strategy)
    others = [one for one in pairing.evidence if one.strategy != pairing.strategy]
    text = f"{pairing.family}: {chosen.strategy} {chosen.correct}/{chosen.n}"
    if not others:
        return text
    next_best = max(others, key=lambda one: one.accuracy)
    return f"{text}, next best {next_best.strategy} {next_best.correct}/{next_best.n}"


def _scores(found: Evaluated) -> dict[str, Any]:
    return {
        "run": found.run,
        "overall": asdict(found.overall),
        "families": {name: asdict(one) for name, one in found.families.items()},
    }
