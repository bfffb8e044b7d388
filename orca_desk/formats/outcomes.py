"""A file of recorded outcomes: which strategy answered which task of which family correctly, a row each."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from orca_desk.formats.layout import Asked, find_layout, read_rows
from orca_desk.formats.rows import BadRow, Row
from orca_desk.method.evidence import Trial
from orca_desk.yielding import yielding

FORM = '{"family": ..., "task": ..., "strategy": ..., "correct": true or false}'
TRUE, FALSE = frozenset({"true", "1", "1.0", "yes"}), frozenset({"false", "0", "0.0", "no"})
WHOLE = re.compile(r"\A(\d+)\.0\Z", re.ASCII)  # a column of numbers with a gap in it makes 7 into 7.0
MOST_TOKENS = 1e9  # of an answer


@dataclass(frozen=True, kw_only=True)
class UnusedRow:
    """A row that is not counted, or only its length is not: its line (from 1), and why."""

    line: int
    reason: str


@dataclass(kw_only=True)
class RecordedOutcomes:
    """The outcomes in a file, in its order. `read` counts its rows; `unused` ones count for nothing.

    `repeated` counts rows that repeat a task under a strategy and name no sample: each is one more sample.
    `without_tokens` counts rows by (family, strategy) that do not say how many tokens the answer has;
    `unread_tokens` are those of them that say something else there. Their verdicts count.
    """

    trials: list[Trial] = field(default_factory=list)
    read: int = 0
    unused: list[UnusedRow] = field(default_factory=list)
    repeated: int = 0
    without_tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread_tokens: list[UnusedRow] = field(default_factory=list)


def read_outcomes(stream: BinaryIO, path: Path) -> RecordedOutcomes:
    """Read a file of outcomes: JSON Lines, a JSON list or a CSV table; `path` is its name.

    Raises UserError for a file that is not text.
    """
    found = RecordedOutcomes()
    given: dict[tuple[str, str, str], dict[int, bool]] = {}
    for row in yielding(_rows(stream, path)):
        found.read += 1
        try:
            trial, has_sample, tokens = _trial(row)
        except ValueError as error:
            found.unused.append(UnusedRow(line=row.line, reason=str(error)))
            continue
        samples = given.setdefault((trial.family, trial.task_id, trial.strategy), {})
        if has_sample and trial.sample in samples:
            same = "the same" if samples[trial.sample] == trial.correct else "another outcome"
            reason = f"sample {trial.sample} of this task and strategy came before, with {same}"
            found.unused.append(UnusedRow(line=row.line, reason=reason))
            continue
        if not has_sample and samples:
            found.repeated += 1
        number = trial.sample if has_sample else max(samples, default=-1) + 1
        samples[number] = trial.correct
        found.without_tokens[trial.family, trial.strategy] += not isinstance(tokens, int)
        if isinstance(tokens, str):
            found.unread_tokens.append(UnusedRow(line=row.line, reason=tokens))
        found.trials.append(
            Trial(
                task_id=trial.task_id,
                family=trial.family,
                strategy=trial.strategy,
                correct=trial.correct,
                tokens=trial.tokens,
                sample=number,
            )
        )
    return found


def _rows(stream: BinaryIO, path: Path) -> Iterator[Row | BadRow]:
    if not stream.read(1):
        return iter(())
    stream.seek(0)
    return read_rows(stream, path, find_layout(stream, path, Asked()))


def _trial(row: Row | BadRow) -> tuple[Trial, bool, int | str | None]:
    """Return the outcome of a row, whether it has a sample, and its tokens: None, or why they are unread.

    Raises ValueError for a row that counts for nothing: why.
    """
    if isinstance(row, BadRow):
        raise ValueError(row.what)
    values = {name.strip().casefold(): value for name, value in row.values.items()}
    correct = values.get("correct")
    if _is_nothing(correct):
        raise ValueError('it has no verdict in "correct"')
    word = str(correct).strip().casefold()
    if word not in TRUE | FALSE:
        raise ValueError(f'"correct" is {word[:40]!r}, neither true nor false')
    sample, tokens = values.get("sample"), _tokens(values.get("tokens"))
    has_sample = not _is_nothing(sample)
    number = _number("sample", sample) if has_sample else 0.0
    if number % 1:
        raise ValueError(f'"sample" is {number:g}, not a whole number')
    trial = Trial(
        task_id=WHOLE.sub(r"\1", _name(values, "task")),
        family=_name(values, "family"),
        strategy=_name(values, "strategy"),
        correct=word in TRUE,
        tokens=tokens if isinstance(tokens, int) else 0,
        sample=int(number),
    )
    return trial, has_sample, tokens


def _tokens(value: Any) -> int | str | None:
    """Return the length of an answer; None without one, and a sentence for what is none."""
    if _is_nothing(value):
        return None
    try:
        return round(_number("tokens", value))
    except ValueError as error:
        return str(error)


def _name(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if _is_nothing(value):
        raise ValueError(f'it has no "{name}"')
    if isinstance(value, (dict, list, bool)):
        raise ValueError(f'"{name}" is not text')
    return str(value).strip()


def _number(name: str, value: Any) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not 0 <= number <= MOST_TOKENS:
        raise ValueError(f'"{name}" is {str(value)[:40]!r}, not 0 or a positive number')
    return number


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
