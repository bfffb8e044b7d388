"""Tasks that ask the same, in words: for the dialog and for the command."""

from collections.abc import Mapping

from orca_desk.counting import counted
from orca_desk.steps.collect.duplicates import Difference, Duplicates, DuplicateTask, NamedBenchmark
from orca_desk.ui.words.shorten import shorten

HOW = (
    "Exact copies have the same words and symbols, whatever their case and punctuation. Near ones have many"
    " runs of five words in common. What more than 20 tasks share is a template and does not count. Of"
    " questions with fewer than 12 words, only exact copies are found."
)
KEEPER = (
    "Of each cluster, one task is kept: one with an answer, then a reviewed one, then a held-out one, then"
    " the oldest."
)
STAYS = "Held-out tasks stay: no student is trained on them."
NEAR_TIP = (
    "The least share of runs of five words that two tasks have in common, of all that they have (Jaccard)."
    " Of the 8,792 questions of GSM8K, 6 pairs are at least 50% alike, and one of these asks the same: it is"
    " 88% alike."
)
DIFFERENCES: Mapping[Difference, str] = {
    "": "same words",
    "words": "other words",
    "numbers": "other numbers",
    "answer": "another answer",
}
BENCHMARK_TIP = (
    "No snapshot takes what a benchmark asks, exactly or nearly, unless you allow it when freezing."
)


def duplicates_summary(found: Duplicates) -> str:
    """Return what was found: "4,261 tasks: 12 exact and 3 near copies in 9 clusters; ..."."""
    tasks = counted(found.tasks, "task")
    if found.questions:
        refused = f" ({counted(found.refused, 'row')} could not be read)" if found.refused else ""
        compared = f"{tasks} compared with {counted(found.questions, 'question')} of the file{refused}"
    else:
        compared = f"{tasks} compared"
    if not found.clusters:
        return f"{compared}: none asks the same."
    copies = f"{found.exact:,} exact and {found.nearly:,} near copies"
    across = ""
    if found.across:
        across = f"; {counted(found.across, 'cluster is', 'clusters are')} in both splits"
    return f"{compared}: {copies} in {counted(len(found.clusters), 'cluster')}{across}."


def difference_text(task: DuplicateTask) -> str:
    """Return how a copy differs from the task that is kept: "same words", "72% alike, other numbers"."""
    words = DIFFERENCES[task.difference]
    return words if task.kind == "exact" else f"{task.similarity:.0%} alike, {words}"


def named_sentence(named: NamedBenchmark) -> str:
    """Return what was remembered of a file."""
    one = named.benchmark
    refused = f" {counted(named.refused, 'row')} could not be read." if named.refused else ""
    return f"{shorten(one.name)} is now a benchmark: {counted(one.questions, 'question')}.{refused}"
