"""What training gives a published model: `python -m benchmarks.real [--limit N] [--library DIR] [--json]`.

The demo with SmolLM2-135M-Instruct as the student: base and tuned student under the cautious system message,
the teacher, and one more: the same base *told* the strategy, its system message being the instruction under
which the teacher answered. So the table shows whether training taught more than a good prompt would. Every
answer is stored in `build/benchmarks/real`: Ctrl-C stops it, and the same command resumes it or, once it has
finished, prints its table again. `--limit` takes only so many tasks of a family and split, for a quick try.
"""

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.cli.running import running
from orca_desk.inventory.bundled import real_student
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.tasks import TaskFilter, delete_tasks, iterate_tasks
from orca_desk.method.statistics import Comparison, Share
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.demo.result import DemoResult, demo_training, read_result, scores_of, write_result
from orca_desk.steps.demo.stages import StageDone
from orca_desk.steps.demo.walk import SAMPLING, WORKED_EXAMPLE, bundled, demo
from orca_desk.steps.evaluate.evaluation import System, evaluate
from orca_desk.steps.evaluate.scoring import OVERALL, Evaluated, Score, compare_evaluations, score
from orca_desk.ui.words.outcomes import outcome_text

BUILD = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
TOLD = "benchmark.told"  # the setting that holds the evaluation of the base that was told the strategies


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The demo's result, the base that was told the strategy, and how it compares with the tuned student."""

    demo: DemoResult
    told: Evaluated
    over_told: Comparison
    parity: str
    seconds: Mapping[str, float]

    @property
    def columns(self) -> dict[str, Mapping[str, Score]]:
        """The scores of each column by family."""
        scores = self.demo.scores
        return {
            "base": scores["base"],
            "base, told the strategy": scores_of(self.told),
            "tuned": scores["tuned"],
            "teacher": scores["teacher"],
        }


def measure(library: Library, progress: Progress, control: JobControl) -> Measured | None:
    """Run the demo and the base that is told the strategies; return None if it was stopped."""
    found = read_result(library.folder, "real")
    if found is None:
        found = demo(library, bundled("real"), on_stage=_show_stage, progress=progress, control=control)
        if found is None:
            return None
        write_result(library, found)
    told = _told(library, found, progress, control)
    if told is None:
        return None
    trained = demo_training(library, "real")
    seconds = get_run(library, told.run).seconds or 0.0
    return Measured(
        demo=found,
        told=told,
        over_told=compare_evaluations(library, found.runs["tuned"], told.run)[OVERALL],
        parity=outcome_text(get_run(library, trained).outcome) if trained else "",
        seconds={**found.seconds, "evaluate base, told": round(seconds, 1)},
    )


def _told(library: Library, found: DemoResult, progress: Progress, control: JobControl) -> Evaluated | None:
    """Evaluate the base under each task's strategy, or return the evaluation that was finished earlier."""
    if done := get_setting(library, TOLD):
        return score(library, done)
    tasks = list(iterate_tasks(library, TaskFilter(split="heldout", has_answer=True)))
    told = evaluate(
        library,
        Runner(model=found.model),
        tasks,
        system=System(kind="strategy"),
        sampling=SAMPLING,
        name="base, told the strategy",
        progress=progress,
        control=control,
    )
    if not told.finished:
        return None
    set_setting(library, TOLD, told.run)
    return told


def keep_few(library: Library, limit: int) -> None:
    """Keep only the first `limit` tasks of each family and split, and the worked example."""
    counts: Counter[tuple[str, str]] = Counter()
    excess = []
    for task in iterate_tasks(library, TaskFilter()):
        counts[task.family, task.split] += 1
        if counts[task.family, task.split] > limit and WORKED_EXAMPLE not in task.tags:
            excess.append(task.id)
    delete_tasks(library, excess)


def markdown(found: Measured) -> str:
    """Return the README's table and the sentences below it."""
    columns = found.columns
    lines = [
        f"| family | paired strategy | {' | '.join(columns)} |",
        f"| --- | --- | {' | '.join('---:' for _ in columns)} |",
    ]
    for family in found.demo.scores["tuned"]:
        bold = "**" if family == OVERALL else ""
        cells = [f"{bold}{_share(scores[family].accuracy)}{bold}" for scores in columns.values()]
        lines.append(
            f"| {bold}{family}{bold} | {found.demo.pairings.get(family, '')} | {' | '.join(cells)} |"
        )
    tokens = [f"{scores[OVERALL].mean_tokens:.0f}" for scores in columns.values()]
    lines.append(f"| answer tokens | | {' | '.join(tokens)} |")
    seconds = ", ".join(f"{name} {seconds:,.0f}" for name, seconds in found.seconds.items())
    answers = [f"{who}: {one.answer}" for who, one in found.demo.worked.items()]
    return "\n".join([*lines, "", _sentences(found), "", f"Seconds: {seconds}.", "", *answers])


def _sentences(found: Measured) -> str:
    followed = found.demo.adherence
    return (
        f"Tuned minus base: {_points(found.demo.gain)}; tuned minus the base that was told the strategy:"
        f" {_points(found.over_told)}; teacher minus tuned: {_points(found.demo.gap)}. Without being told a"
        f" strategy, the tuned student chose the paired one in {followed.share:.1%} of {followed.n} held-out"
        f" tasks ({followed.low:.1%} to {followed.high:.1%}). {found.parity}"
    )


def as_json(found: Measured) -> dict[str, Any]:
    """Return the measurements as JSON values."""
    return {
        **found.demo.as_json(),
        "told": {family: asdict(one) for family, one in scores_of(found.told).items()},
        "tuned_minus_told": asdict(found.over_told),
        "parity": found.parity,
        "seconds": dict(found.seconds),
    }


def _share(right: Share) -> str:
    return f"{right.share:.0%} ({right.low * 100:.0f}-{right.high * 100:.0f})"


def _points(one: Comparison) -> str:
    return f"{100 * one.difference:+.1f} points ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def _show_stage(stage: StageDone) -> None:
    print(f"{stage.name}, {stage.seconds:.1f} s: {outcome_text(stage.outcome)}", flush=True)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real", description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="tasks of each family and split; 0: all")
    parser.add_argument("--library", type=Path, default=None, help="the folder of the benchmark's library")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args()
    if real_student() is None:
        print("Skipped: the real student is not installed. Add it: python3 -m orca_desk.install")
        return 0
    folder = options.library or BUILD / (f"real-{options.limit}" if options.limit else "real")
    folder.parent.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / "library.db").exists()
    quiet = contextlib.redirect_stdout(None) if options.json else contextlib.nullcontext()
    with Library.open(folder, samples=True) as library, running(quiet=options.json) as (progress, control):
        if is_new and options.limit:
            keep_few(library, options.limit)
        with quiet:
            found = measure(library, progress, control)
        control.finished = found is not None
    if found is None:
        return 1
    print(json.dumps(as_json(found), indent=1, ensure_ascii=False) if options.json else markdown(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
