"""What is imported, and how; and what came of it, in words."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QMimeData

from orca_desk.steps.collect.import_tasks import Imported
from orca_desk.ui.widgets.notice import Kind
from orca_desk.ui.words.counting import counted

PROBLEMS_TOLD = 4


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file, or text that was pasted or dropped."""

    name: str
    path: Path | None = None
    text: str = ""

    def open(self) -> Path | BinaryIO:
        """Return what the readers take, from its beginning."""
        return self.path or _Pasted(self.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What the user chose in the import dialog."""

    source: Source
    mapping: dict[str, str] | None
    family: str
    heldout: float | None
    update: bool


class _Pasted(io.BytesIO):
    """The readers call what they read by its name."""

    name = "The pasted text"


def sources_of(data: QMimeData | None) -> list[Source]:
    """Return what was dropped or is on the clipboard: its files, else its text."""
    if data is None:
        return []
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return [Source(name=path.name, path=path) for path in files]
    return [Source(name="pasted text", text=data.text())] if data.hasText() and data.text().strip() else []


def outcome(result: Imported, name: str) -> tuple[str, str, Kind]:
    """Return what an import did as a sentence, the details, and how good it is."""
    parts = [f"Added {counted(result.added, 'task')} from {name}."]
    if not result.added:
        parts = [f"There was no new task in {name}."]
    if not result.finished:
        parts = [f"The import of {name} was stopped. Added so far: {counted(result.added, 'task')}."]
    if result.already_there:
        parts.append(f"{result.already_there:,} were there already.")
    details = []
    if result.differing:
        what = "replaced" if result.updated else "left as in the library"
        details.append(f"There with other content, and {what}: {counted(result.differing, 'task')}.")
    if result.unreadable:
        details.append(f"{counted(result.unreadable, 'row')} could not be read:")
        details += [f"Line {row.line:,}: {sentence(row.what)}" for row in result.problems[:PROBLEMS_TOLD]]
        more = result.unreadable - PROBLEMS_TOLD
        details += [f"… and {more:,} more."] if more > 0 else []
    if result.added and not result.heldout:
        details.append("None of them is held out, so none can be used for evaluation: see Families.")
    if not result.finished:
        details.append("Import the same again to add the rest.")
    nothing = not result.added and not (result.updated and result.differing)
    kind: Kind = "warn" if result.unreadable or not result.finished else "info" if nothing else "good"
    return " ".join(parts), "\n".join(details), kind


def sentence(what: str) -> str:
    """Return what is wrong with a row as a sentence."""
    return f"{what[:1].upper()}{what[1:]}."
