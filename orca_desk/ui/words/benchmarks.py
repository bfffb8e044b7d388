"""Standard benchmarks in words."""

from typing import TYPE_CHECKING

from orca_desk.counting import counted

if TYPE_CHECKING:
    from orca_desk.steps.evaluate.benchmarks import BenchmarkResult, BenchmarkScore

TITLE = "Standard benchmarks"
ABOUT = (
    "lm-eval asks the model, served on this machine, the tasks of a folder on this disk. Nothing is"
    " downloaded: the tasks' data must be there too."
)
CODE = "These task files run Python code of their own. Read it before you allow it."


def benchmark_sentence(result: "BenchmarkResult") -> str:
    """Return the outcome of a run in a sentence."""
    tasks = counted(len({one.task for one in result.scores}), "task")
    shown = [f"{one.task} {value_text(one)}" for one in result.scores[:3]]
    more = f", and {len(result.scores) - 3:,} more" if len(result.scores) > 3 else ""
    return f"lm-eval {result.lm_eval} on {tasks}: {'; '.join(shown)}{more}."


def value_text(one: "BenchmarkScore") -> str:
    """Return a score with its standard error, and the base's beside it."""
    error = "" if one.error is None else f" ± {one.error:.3f}"
    base = "" if one.base is None else f" (base {one.base:.3f})"
    return f"{one.metric} {one.value:.3f}{error}{base}"


def difference_text(one: "BenchmarkScore") -> str:
    """Return the paired difference to the base with its interval, or a dash."""
    if one.difference is None:
        return "–"
    found = one.difference
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def benchmark_notes(result: "BenchmarkResult") -> list[str]:
    """Return what a reader of the scores should know."""
    lines = ["± is lm-eval's standard error. Differences are paired by document, with 95% intervals."]
    if result.limit:
        lines.append(
            f"Only the first {counted(result.limit, 'document')} of each task: not comparable with published"
            " scores."
        )
    return lines
