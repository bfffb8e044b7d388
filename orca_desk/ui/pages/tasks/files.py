"""Tasks in and out of files: the import dialog, its job and its outcome; the export and its job."""

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from orca_desk.errors import UserError
from orca_desk.formats.tasks import read_tasks
from orca_desk.steps.collect.export_tasks import export_tasks
from orca_desk.steps.collect.import_tasks import import_tasks
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.tasks.import_dialog import ImportDialog
from orca_desk.ui.pages.tasks.import_source import ImportRequest, Source, outcome
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Kind, Notice
from orca_desk.ui.words.counting import counted

BADNESS: tuple[Kind, ...] = ("good", "info", "warn", "bad")


class TaskFiles(QObject):
    """Runs imports and exports for the page `parent`; what comes of them is told in its notice."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        notice: Notice,
        panel: JobPanel,
        families: Callable[[], Sequence[str]],
    ) -> None:
        super().__init__(parent)
        self.desk, self._page, self._notice, self._panel = desk, parent, notice, panel
        self._families = families
        self.dialog: ImportDialog | None = None
        self._waiting: deque[Source] = deque()
        self._asked = 0
        self._told: list[tuple[str, str, Kind]] = []
        self._running: list[Job] = []

    def choose_files(self) -> None:
        """Let the user choose files to import."""
        dialog = QFileDialog(self._page, "Import tasks")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([
            "Tasks (*.jsonl *.ndjson *.json *.csv *.tsv *.txt)", "All files (*)"
        ])  # fmt: skip
        dialog.filesSelected.connect(
            lambda paths: self.import_from([Source(name=Path(path).name, path=Path(path)) for path in paths])
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def import_from(self, sources: Sequence[Source]) -> None:
        """Ask about each source in turn, and import it."""
        self._waiting.extend(sources)
        self._asked += len(sources)
        if self.dialog is None:
            self._ask_next()

    def choose_export(self, numbers: "array[int]") -> None:
        """Let the user choose where to write the tasks at some places."""
        dialog = QFileDialog(self._page, "Export {}".format(counted(len(numbers), "task")))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["JSONL (*.jsonl)", "CSV (*.csv)"])
        dialog.setDefaultSuffix("jsonl")
        dialog.filterSelected.connect(
            lambda name: dialog.setDefaultSuffix("csv" if "csv" in name else "jsonl")
        )
        dialog.selectFile("tasks")
        dialog.fileSelected.connect(lambda path: self.export(Path(path), numbers))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export(self, path: Path, numbers: "array[int]") -> Job:
        """Write the tasks at some places to `path`."""
        library = self.desk.library
        job = self.desk.jobs.start(
            f"Exporting to {path.name}",
            "export",
            lambda tools: export_tasks(
                library, path, numbers, progress=tools.progress, control=tools.control
            ),
            heavy=False,
        )
        self._follow(job, partial(self._exported, path))
        return job

    def _ask_next(self) -> None:
        if not self._waiting:
            self._asked, self.dialog = 0, None
            return
        source = self._waiting.popleft()
        number = self._asked - len(self._waiting)
        place = f"file {number:,} of {self._asked:,}" if self._asked > 1 else ""
        self.dialog = ImportDialog(
            self.desk, self._page, source=source, families=self._families(), start=self.start, place=place
        )
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.finished.connect(self._ask_next)
        self.dialog.open()

    def start(self, request: ImportRequest) -> Job:
        """Import what the user agreed to."""
        library, source = self.desk.library, request.source
        job = self.desk.jobs.start(
            f"Importing {source.name}",
            "import",
            lambda tools: import_tasks(
                library,
                read_tasks(source.open(), request.mapping, family=request.family),
                heldout=request.heldout,
                update=request.update,
                progress=tools.progress,
                control=tools.control,
            ),
            changes={"tasks"},
            heavy=False,
        )
        self._follow(job, partial(self._imported, source.name))
        return job

    def _follow(self, job: Job, then: Callable[[Job], None]) -> None:
        if not self._running:
            self._told.clear()
        self._running.append(job)
        self._panel.follow(job)
        job.ended.connect(lambda: self._end(job, then))

    def _end(self, job: Job, then: Callable[[Job], None]) -> None:
        self._running.remove(job)
        if job.error is None:
            then(job)
        elif isinstance(job.error, UserError):  # anything else is reported by the window
            self._notice.show_error(job.error)

    def _imported(self, name: str, job: Job) -> None:
        self._tell(*outcome(job.result, name))

    def _exported(self, path: Path, job: Job) -> None:
        if job.result is None:
            self._tell("The export was stopped; no file was written.", "", "info")
        else:
            written = counted(job.result, "task")
            self._tell(f"Wrote {written} to {path.name}.", str(path), "good")

    def _tell(self, text: str, details: str, kind: Kind) -> None:
        """Several files that came together are told of together."""
        self._told.append((text, details, kind))
        self._notice.show_message(
            " ".join(one for one, _, _ in self._told),
            "\n".join(one for _, one, _ in self._told if one),
            kind=max((one for _, _, one in self._told), key=BADNESS.index),
        )
