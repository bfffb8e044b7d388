"""A host for the kill tests: `killable_host.py generate|tournament|train|experiment LIBRARY MODEL`.

It prints a line per committed result.
"""

import sys
from dataclasses import replace
from pathlib import Path

from doubles import QUICK, SHORT, open_small, small_snapshot, small_tasks

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.method.arms import Arm
from orca_desk.method.records import Sampling
from orca_desk.parity import gate
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import Progress, Update, silent
from orca_desk.steps.experiment.experiment import experiment
from orca_desk.steps.experiment.plan import MessageKind, default_plan
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.pair.probed import Probed
from orca_desk.steps.pair.tournament import tournament
from orca_desk.steps.train.training import train


def show(update: Update) -> None:
    """Say how much is committed."""
    print(f"{update.stage}: {update.done:.0f}", flush=True)


def compete(library: Library, model: Path, progress: Progress = silent) -> Probed:
    """Hold a small tournament of the bundled teacher."""
    return tournament(
        library,
        Runner(model=model, threads=1),
        families=["ordering", "facts"],
        strategies=["direct", "explain-then-answer", "recall-reason-generate"],
        per_family=20,
        sampling=Sampling(max_tokens=200),
        progress=progress,
    )


def main(kind: str, folder: Path, model: Path) -> None:
    """Do the job in the library."""
    gate.PROMPTS = 3  # tests of the gate itself compare more
    with Library.open(folder, samples=True) if kind == "tournament" else open_small(folder) as library:
        if kind == "generate":
            runner = Runner(model=model, batch=2, threads=1, context=512)
            generate(library, runner, small_tasks(), sampling=SHORT, progress=show)
        elif kind == "tournament":
            compete(library, model, progress=show)
        elif kind == "experiment":
            plan = default_plan(library, small_snapshot(library), model)
            plan = replace(plan, arms=(Arm.BASE, Arm.ERASED), seeds=(3,), per_family=2, settings=QUICK)
            plan = replace(plan, messages=(MessageKind.STRATEGY, MessageKind.WRONG), sampling=SHORT)
            experiment(library, plan, progress=show)
        else:
            train(library, model, small_snapshot(library), settings=QUICK, progress=show)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    except UserError as error:
        sys.exit(f"UserError: {error}")
