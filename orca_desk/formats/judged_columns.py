"""Columns that are called like a field, judged by their values: a split, a type of answer, a tag, turns."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, get_args

from orca_desk.formats.chat_rows import turns_beside
from orca_desk.formats.columns import named_for, plain
from orca_desk.formats.rows import Literal
from orca_desk.formats.shapes import VERDICT, binary, earlier_columns, truth, verdict_column
from orca_desk.formats.values import is_nothing, split_of
from orca_desk.method.records import AnswerKind

Pair = tuple[str, str]  # a field, and a column that is called like it
WORDS = ("split", "answer_kind")  # fields whose values are of few words
_TEXTS = ("family", "tags", "strategy")  # fields that an object cannot fill


def columns_to_judge(shape: Sequence[str], choices: Collection[str], said: Mapping[str, str]) -> list[Pair]:
    """Return the columns of a row whose values decide whether they are what they are called.

    `said` are the fields whose columns the user named: those are not judged.
    """
    judged = [
        (name, column)
        for name in (*WORDS, *_TEXTS)
        for column in named_for(name, shape)
        if column not in choices and name not in said
    ]
    judged += [("turns", column) for column in earlier_columns(shape)]
    if (verdict := verdict_column(shape)) and "answer" not in said:
        judged += [("answer", verdict), (VERDICT, verdict)]
    if not choices and "answer" not in said:
        judged += [("answer", column) for column in shape if plain(column) == "key"]
    return judged


class JudgedColumns:
    """Counts which values of a column are such a thing as its field wants, and which are not."""

    def __init__(self) -> None:
        self._fit: Counter[Pair] = Counter()
        self._unfit: Counter[Pair] = Counter()

    def add(self, pair: Pair, value: Any) -> None:
        """Judge a value. One that is missing says nothing."""
        is_fit = _is_fit(*pair, value)
        if is_fit is not None:
            (self._fit if is_fit else self._unfit)[pair] += 1

    def is_settled(self, pair: Pair) -> bool:
        """Return whether further values cannot change what `aside` says of a column."""
        return pair[0] in _TEXTS and self._fit[pair] > 0

    def aside(self) -> Iterator[Pair]:
        """Yield the pairs of field and column of which no value is such a thing.

        A column called subset is not a family if each of its values is a split.
        """
        for pair in self._unfit:
            if not self._fit[pair]:
                yield pair
        for pair in self._unfit:
            if pair[0] == VERDICT and self._fit[pair]:
                yield pair
        for name, column in self._fit:
            if name == "split" and not self._unfit[name, column] and plain(column) == "subset":
                yield "family", column


def _is_fit(name: str, column: str, value: Any) -> bool | None:
    """Return whether a value is such a thing as a field wants; None if it is missing."""
    if name == "turns":
        return None if value in (None, "", []) else bool(turns_beside(value))
    if name == "answer":  # numbers of a column called key count the rows; a label may judge the answer
        is_key = plain(column) == "key"
        return not re.fullmatch(r"\d+", str(value).strip()) if is_key else truth(value) is None
    if name == VERDICT:
        return None if is_nothing(str(value)) else binary(value) is not None
    if name in _TEXTS:
        if value in (None, "", []):
            return None
        return not isinstance(value, dict) and (name == "tags" or not isinstance(value, list))
    if not isinstance(value, str) or isinstance(value, Literal):
        return None if value is None else False
    if is_nothing(value):
        return None
    if name == "split":
        return split_of(value) is not None
    return value.strip().casefold() in get_args(AnswerKind)
