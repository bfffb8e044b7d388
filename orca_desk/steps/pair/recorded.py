"""Choose from recorded outcomes alone: no model, and no library."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from orca_desk.errors import UserError
from orca_desk.formats.outcomes import FORM, UnusedRow, read_outcomes
from orca_desk.method.evidence import Evidence, Trial, measure, shared_tasks
from orca_desk.method.halves import HeldOutScore, held_out_score
from orca_desk.method.pairing import ChoiceRule, Decision, decide


@dataclass(frozen=True, kw_only=True)
class RecordedChoice:
    """What recorded outcomes say: a decision for each family, and what became of every row of the file.

    `held_out` has the families with enough tasks for it. `lengths` has the mean tokens of an answer by family
    and strategy; a family whose strategies do not all have some is in `without_lengths`: of those that are
    not worse than the best, it gets the most accurate. `unshared` counts, by family, the tasks that some of
    its strategies did not answer; they count for the others' shares, but in no comparison with those.
    `repeated` counts rows that were taken as further samples, and `unread_tokens` are rows whose verdict
    counts, but not their length.
    """

    decisions: Mapping[str, Decision]
    held_out: Mapping[str, HeldOutScore]
    lengths: Mapping[tuple[str, str], float]
    without_lengths: tuple[str, ...]
    unshared: Mapping[str, int]
    read: int
    used: int
    repeated: int
    unused: Sequence[UnusedRow]
    unread_tokens: Sequence[UnusedRow]


def choose_from(stream: BinaryIO, path: Path, rule: ChoiceRule | None = None) -> RecordedChoice:
    """Choose each family's strategy by the outcomes in a file; `path` is its name.

    Raises UserError for a file without a single outcome.
    """
    rule = rule or ChoiceRule()
    found = read_outcomes(stream, path)
    if not found.trials:
        first = f" Line {found.unused[0].line}: {found.unused[0].reason}." if found.unused else ""
        raise UserError(f"{path} has no outcome to choose by.{first}", f"Write {FORM} per line.")
    lengths = _lengths(found.trials, found.without_tokens)
    measured = measure(found.trials)
    lacking = {item.family for item in measured if (item.family, item.strategy) not in lengths}
    evidence = [
        replace(item, mean_tokens=0.0 if item.family in lacking else lengths[item.family, item.strategy])
        for item in measured
    ]
    decisions = decide(evidence, rule)
    scores = {family: held_out_score(one.evidence, rule) for family, one in decisions.items()}
    return RecordedChoice(
        decisions=decisions,
        held_out={family: score for family, score in scores.items() if score},
        lengths=lengths,
        without_lengths=tuple(sorted(lacking)),
        unshared={family: count for family, one in decisions.items() if (count := _unshared(one.evidence))},
        read=found.read,
        used=len(found.trials),
        repeated=found.repeated,
        unused=found.unused,
        unread_tokens=found.unread_tokens,
    )


def _lengths(trials: Sequence[Trial], without: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], float]:
    """Return the mean tokens of the answers that have some, by family and strategy."""
    tokens: Counter[tuple[str, str]] = Counter()
    answers: Counter[tuple[str, str]] = Counter()
    for trial in trials:
        tokens[trial.family, trial.strategy] += trial.tokens
        answers[trial.family, trial.strategy] += 1
    known = {key: count - without.get(key, 0) for key, count in answers.items()}
    return {key: tokens[key] / count for key, count in known.items() if count}


def _unshared(evidence: Sequence[Evidence]) -> int:
    """Return how many tasks of a family were not answered under all of its strategies."""
    every = {task for item in evidence for task, _ in item.outcomes}
    by_all = set(every)
    for item in evidence:
        by_all &= {task for task, _ in item.outcomes}
    return len(every) - len(by_all)


def shared_with_all(item: Evidence, evidence: Sequence[Evidence]) -> int:
    """Return the fewest tasks that a strategy shares with another of its family."""
    return min((shared_tasks(item, other) for other in evidence if other is not item), default=item.tasks)
