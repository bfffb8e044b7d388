"""Where the fields of a task are, in rows with the same columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orca_desk.formats.choices import Choosing
from orca_desk.formats.columns import is_conversation, map_columns, plain
from orca_desk.formats.shapes import EARLIER, earlier_columns, fields_of, second_answer, verdict_column

MAX_SHAPES = 1000  # sets of columns whose mapping is remembered
_SIMPLE = frozenset({"query", "context", "answer", "family", "id"})  # fields that need no look at others


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """Field -> column for rows with the same columns.

    The answer may stand in the column `instead`, the turns before the question in `earlier`.
    """

    columns: dict[str, str]
    choices: tuple[str, ...]
    choosing: Choosing | None = None
    instead: str = ""
    earlier: str = EARLIER
    is_simple: bool = False  # nothing but the values of a few columns decides what the task is

    @property
    def read(self) -> set[str]:
        """The columns that are read."""
        read = {column for field, column in self.columns.items() if field != "choices"} | set(self.choices)
        return read | {self.earlier} | ({self.instead} if self.instead else set())


def map_fields(
    names: Sequence[str],
    *,
    asked: Mapping[str, str],
    defaults: Mapping[str, str],
    aside: Collection[tuple[str, str]],
    choosing: Sequence[Choosing],
) -> Mapped:
    """Return where the fields of rows with these columns are; the arguments are those of a `RowReader`.

    `asked` is its `mapping`, what the user said. It counts most, then `defaults`, then the columns' names.
    """
    said = {name: column for name, column in asked.items() if column in names or column == ""}
    wanted = asked.get("choices")
    chosen: Choosing | None = None
    choices: tuple[str, ...] = ()
    for one in choosing if wanted != "" else ():
        if len(present := tuple(column for column in one.columns if column in names)) > len(choices):
            chosen, choices = one, present
    for name, column in {**fields_of(names), **defaults}.items():
        if column in names and column not in said.values() and name != "choices":
            said.setdefault(name, column)
    said.pop("choices", None)
    free = [name for name in names if name not in choices or name in said.values()]
    columns = {
        name: column
        for name, column in map_columns(free, said, aside=aside).items()
        if column and column in names
    }
    before = earlier_columns(free) if "query" in columns else ()
    whole = next((name for name in free if is_conversation(name) and name not in before), "")
    if whole and "answer" not in columns and "query" not in asked:
        columns["query"] = whole  # a prompt beside its conversation repeats what that begins with
    instead = second_answer(names) if "answer" not in asked else ""
    beside = (name for name in earlier_columns(names) if name not in columns.values())
    earlier = next((name for name in beside if ("turns", name) not in aside), EARLIER)
    is_simple = (
        "query" in columns
        and columns.keys() <= _SIMPLE
        and not (choices or instead or earlier in names or "role" in names or verdict_column(names))
        and not is_conversation(plain(columns["query"]))
    )
    return Mapped(
        columns=columns,
        choices=choices,
        choosing=chosen,
        instead=instead,
        earlier=earlier,
        is_simple=is_simple,
    )
