"""What an export of data is asked for: which table, in which format, and where to."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

from orca_desk.errors import UserError
from orca_desk.formats.writers.data_formats import DATA_FORMATS, Container, DataFormat, FormatName
from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter
from orca_desk.library.tasks import TaskFilter
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.paths import expanded
from orca_desk.steps.recorder import request_to_resume

KIND = "hand-over"
DataTable = Literal["tasks", "teacher", "training", "snapshot", "preferences", "evaluation", "evaluations"]
_CHAT: tuple[FormatName, ...] = (
    "messages", "sharegpt", "alpaca", "prompt-completion", "prompt-completion-chat", "mlx",
)  # fmt: skip
_OWN: tuple[FormatName, ...] = ("jsonl", "csv", "parquet")
OFFERED: Mapping[DataTable, tuple[FormatName, ...]] = {
    "tasks": (*_OWN, *_CHAT, "lm-eval", "openai-batch"),
    "teacher": (*_OWN, *_CHAT, "kto", "openai-batch"),
    "training": (*_OWN, *_CHAT, "kto", "openai-batch"),
    "snapshot": (*_OWN, *_CHAT, "openai-batch"),
    "preferences": (*_OWN, "preference"),
    "evaluation": (*_OWN, "lm-eval", "openai-batch"),
    "evaluations": _OWN,
}
_SUFFIXES: Mapping[str, Container] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet",
}  # fmt: skip

_ENDING = re.compile(r"\.[a-z]\w{0,6}")


@dataclass(frozen=True, kw_only=True)
class HandOverRequest:
    """An export of `table` to `path`: a file by its ending, or else a new folder.

    `tasks` and `records` say which rows; `of` is the snapshot or the evaluation. Training records get the
    student message `instruction`. `with_held_out` lets held-out tasks into a single file to train on; a
    folder always keeps them apart. `plain` leaves out the columns beside a conversation. `about` writes a
    manifest and a data set card. `asks_model` is the model that an OpenAI batch asks, for at most
    `max_tokens`. Raises UserError for what cannot be written.
    """

    table: DataTable
    format: FormatName
    path: Path
    tasks: TaskFilter = field(default_factory=TaskFilter)
    records: RecordFilter = field(default_factory=RecordFilter)
    of: str = ""
    instruction: str = CAUTIOUS
    with_held_out: bool = False
    plain: bool = False
    about: bool = True
    asks_model: str = ""
    max_tokens: int | None = None
    filtered: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", expanded(self.path).absolute())
        object.__setattr__(self, "filtered", _filled(self.tasks if self.table == "tasks" else self.records))
        if self.format not in OFFERED[self.table]:
            raise UserError(
                f"{TABLE_NAMES[self.table].capitalize()} cannot be written as {self.format}.",
                f"They can be written as {', '.join(OFFERED[self.table])}.",
            )
        if self.format == "openai-batch" and not self.asks_model:
            raise UserError("A batch needs the name of a model.", "Name it, for example gpt-4o-mini.")
        self._check_ending()

    @property
    def data_format(self) -> DataFormat:
        """The format, as the table of formats has it."""
        return DATA_FORMATS[self.format]

    @property
    def container(self) -> Container:
        """The kind of the files that hold the rows."""
        found = _SUFFIXES.get(self.path.suffix.casefold())
        return found if found and not self.in_folder else self.data_format.containers[0]

    @property
    def in_folder(self) -> bool:
        """Whether the export is a folder."""
        return self.data_format.folder or self.path.suffix.casefold() not in _SUFFIXES

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON can hold it; see `from_json`."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return plain | {
            "path": str(self.path),
            "tasks": asdict(self.tasks),
            "records": asdict(replace(self.records, rowids=None)),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the request that `to_json` wrote."""
        return cls(**{
            **values,
            "path": Path(values["path"]),
            "tasks": TaskFilter(**_as_fields(values["tasks"])),
            "records": RecordFilter(**_as_fields(values["records"])),
        })  # fmt: skip

    @classmethod
    def to_resume(cls, library: Library, run_id: str) -> Self:
        """Return the request of an export that was not finished. Raises UserError if there is no such."""
        found = request_to_resume(library, run_id, KIND)
        if found is None:
            raise UserError(f"{run_id} did not store which rows it exports.", "Export them again.")
        return cls.from_json(found)

    def _check_ending(self) -> None:
        suffix = self.path.suffix.casefold()
        container = _SUFFIXES.get(suffix)
        if self.data_format.folder:
            if container:
                raise UserError(
                    f"{self.format} writes a folder, but {self.path.name} names a file.", "Name a folder."
                )
        elif container not in (None, *self.data_format.containers) or (
            container is None and _ENDING.fullmatch(suffix)
        ):
            endings = ", ".join(f".{one}" for one in self.data_format.containers)
            raise UserError(
                f"{self.format} cannot be written to a {suffix} file.",
                f"Use a name that ends in {endings}; a name without an ending makes a folder.",
            )


TABLE_NAMES: Mapping[DataTable, str] = {
    "tasks": "tasks",
    "teacher": "teacher records",
    "training": "training records",
    "snapshot": "the records of a snapshot",
    "preferences": "preference pairs",
    "evaluation": "the answers of an evaluation",
    "evaluations": "evaluations",
}


def format_for(path: Path) -> FormatName:
    """Return the format that a name asks for where none is chosen: CSV, Parquet, or else JSON lines."""
    container = _SUFFIXES.get(path.suffix.casefold())
    return container or "jsonl"


def _filled(wanted: TaskFilter | RecordFilter) -> dict[str, Any]:
    """Return the fields of a filter that select anything; ids and rows by their number."""
    found = {name: value for name, value in asdict(wanted).items() if value not in (None, "", 0)}
    for name in ("ids", "rowids"):
        if name in found:
            found[name] = len(found[name])
    return found


def _as_fields(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a filter that JSON holds: with tuples for its lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
