"""Check that everything works on this machine, in a temporary library."""

import contextlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from orca_desk import __version__
from orca_desk.errors import UserError
from orca_desk.inventory.machine import MachineReport, describe_machine
from orca_desk.library.care.integrity import check, missing_files
from orca_desk.library.database import Library
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import TaskFilter, list_tasks
from orca_desk.method.records import Task
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.models.fits import human_bytes
from orca_desk.offline import VARIABLE, watch
from orca_desk.processes.asking import Runner
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.processes.protocol import Message as Event
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.session import ChatSession
from orca_desk.steps.demo.walk import SAMPLING, TRAINING, bundled
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.train.training import train

PACKAGES = ("llama-cpp-python", "torch", "transformers", "peft", "pyside6-essentials", "sqlite-utils")
LEAST_DISK = 200_000_000  # bytes; less cannot hold a small training
TASKS = 12
STEPS = 3
QUESTION = "Where is the ball?"
Check = Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One check: its name, whether it passed, and what it found, in a sentence.

    `machine` is set for the check that describes it.
    """

    name: str
    ok: bool
    detail: str
    seconds: float
    machine: MachineReport | None = None


class FailureError(Exception):
    """A check failed; the message says why."""


def self_test(
    library: Library | None = None,
    *,
    on_check: Callable[[CheckResult], None] = lambda result: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> list[CheckResult]:
    """Run all checks, which takes about half a minute; return those that ran before a stop, in order.

    The checks only read the user's `library`, if one is given.
    """
    control = control or JobControl()
    with _trial(control) as trial:
        checks: dict[str, Check] = {
            "versions": _versions,
            "machine": trial.describe,
            "window system": _screen,
            "grading": _grading,
            "llama.cpp": trial.load,
            "generation": trial.answer,
            "teacher records": trial.teach,
            "training, export, parity": trial.train,
            "trial library": trial.check_library,
            **({"your library": lambda: _whole(library)} if library else {}),
            "disk": lambda: _disk(library.folder if library else Path(tempfile.gettempdir())),
            "offline": trial.stayed_offline,
        }
        meter = Meter(progress, stage="self-test", total=len(checks), unit="checks")
        found: list[CheckResult] = []
        for name, run in checks.items():
            if control.stopped:
                break
            found.append(_try(name, run))
            if name == "machine":
                found[-1] = replace(found[-1], machine=trial.machine)
            on_check(found[-1])
            meter.advance(1, name)
    return found


def _grading() -> str:
    """Compare two amounts and two expressions, for which pint and sympy read files of their own."""
    for answer, reference in (("90 minutes", "1 hour 30 minutes"), (r"\frac{2}{\sqrt{2}}", r"\sqrt{2}")):
        verdict = grade_answer(Task(family="grading", query="?", answer=reference), f"Answer: {answer}")
        if verdict is None or not verdict.correct:
            raise FailureError(f"{answer} was not recognised as equal to {reference}.")
    return "amounts by pint, mathematics by sympy"


def _try(name: str, run: Check) -> CheckResult:
    began = time.monotonic()
    try:
        ok, detail = True, run()
    except (FailureError, UserError, WorkerCrashError) as error:
        ok, detail = False, str(error).strip()
    return CheckResult(name=name, ok=ok, detail=detail, seconds=time.monotonic() - began)


class _Trial:
    """The checks that need a temporary library and the bundled models."""

    def __init__(self, library: Library, connections: Path, control: JobControl) -> None:
        self._library, self._connections, self._control = library, connections, control
        self._models = bundled()
        self.machine: MachineReport | None = None

    def describe(self) -> str:
        """Describe the machine: what is not known yet is asked and measured now."""
        self.machine = describe_machine(control=self._control)
        devices = ", ".join(one.name for one in self.machine.devices)
        return f"{self.machine.processor}; graphics: {devices or 'none found'}"

    def load(self) -> str:
        """Load the bundled teacher and generate one token."""
        return f"version {version('llama-cpp-python')}; {self._ask(1)[1]} token generated"

    def answer(self) -> str:
        """Generate a short answer twice; greedy answers must be identical."""
        began = time.monotonic()
        first, tokens = self._ask(40)
        seconds = time.monotonic() - began
        if self._ask(40)[0] != first:
            raise FailureError("The same question got two different answers at temperature 0.")
        return f"{tokens:,} pieces in {seconds:.1f} s, identical twice"

    def teach(self) -> str:
        """Have the teacher answer a few tasks, as a real run does."""
        tasks = list_tasks(self._library, TaskFilter(split="train", has_answer=True, limit=TASKS)).items
        made = generate(
            self._library,
            Runner(model=self._models.teacher),
            tasks,
            strategy="direct",
            sampling=SAMPLING,
            control=self._control,
        )
        if made.new != TASKS:
            raise FailureError(f"The teacher made {made.new} of {TASKS} records.")
        return f"{made.new:,} records, {made.tokens:,} tokens"

    def train(self) -> str:
        """Train a few LoRA steps, export the adapter, and compare torch with llama.cpp."""
        rules = SnapshotRules(only_correct=False, only_paired=False, allow_leaks=True)
        snapshot = freeze(self._library, name="self-test", rules=rules)
        steps = 0

        def count(event: Event) -> None:
            nonlocal steps
            steps = event["step"] if event["event"] == "metrics" else steps

        settings = replace(TRAINING, batch_tokens=512, epochs=STEPS, eval_fraction=0.0)
        made = train(
            self._library,
            self._models.student,
            snapshot.id,
            settings=settings,
            on_event=count,
            control=self._control,
        )
        if made.parity is None or steps < STEPS:
            raise FailureError(f"Training made only {steps} steps.")
        found = f"{steps} steps; llama.cpp compared with torch: {made.parity.rows[0].finding}."
        if not made.parity.passed:
            raise FailureError(found)
        return found

    def check_library(self) -> str:
        """Check the whole temporary library."""
        return _whole(self._library, thorough=True)

    def stayed_offline(self) -> str:
        """Look for connections that the processes above tried to open."""
        asked = self._connections.read_text() if self._connections.exists() else ""
        if asked:
            raise FailureError(f"A process tried to use the network: {asked.splitlines()[0]}")
        return "Python code opened no connection in any process of this test; native code is not watched"

    def _ask(self, tokens: int) -> tuple[str, int]:
        """Return the bundled teacher's answer, and in how many pieces it came."""
        with ChatSession(self._models.teacher) as session:
            pieces = list(session.send([Message("user", QUESTION)], replace(SAMPLING, max_tokens=tokens)))
        if not pieces:
            raise FailureError("The model generated nothing.")
        return "".join(pieces), len(pieces)


@contextlib.contextmanager
def _trial(control: JobControl) -> Iterator[_Trial]:
    """Yield a trial in a temporary folder, while every process logs its connections."""
    folder = Path(tempfile.mkdtemp(prefix="orca-desk-self-test-"))
    connections = folder / "connections.txt"
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(connections)
    watch()
    try:
        with Library.open(folder / "library", samples=True) as library:
            yield _Trial(library, connections, control)
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
        shutil.rmtree(folder, ignore_errors=True)


def _versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Orca Desk {__version__}, Python {platform.python_version()}, {packages}; {platform.platform()}"


def _screen() -> str:
    drawn: Event = {}
    run_worker("screen", {}, on_events=lambda events: drawn.update(events[-1]))
    if not drawn.get("right"):
        raise FailureError("Qt drew a window in the wrong colour.")
    return f"Qt {drawn['qt']} drew a window ({drawn['platform']})"


def _whole(library: Library, *, thorough: bool = False) -> str:
    problems = check(library, thorough=thorough)
    problems += [f"The adapter {path} is missing." for path in missing_files(library)]
    if problems:
        raise FailureError(" ".join(problems))
    return f"no problems found in {library.path}"


def _disk(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        raise FailureError(f"Only {human_bytes(free)} of disk space is free at {folder}. Free some space.")
    return f"{human_bytes(free)} free at {folder}"
