"""Tasks in and out of files: the dialogs that ask, the jobs that work, and the notice with their results."""

from array import array
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run
from orca_desk.library.tasks import TaskFilter
from orca_desk.steps.collect import answers_request
from orca_desk.steps.collect.answers_request import (
    AnswersRequest,
    put_back_answers,
    take_back_answers,
)
from orca_desk.steps.collect.imported import Imported
from orca_desk.steps.collect.imported_records import ImportedRecords
from orca_desk.steps.collect.preview import save_refused
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.steps.collect.undo import put_back, take_back
from orca_desk.steps.hand_over.request import KIND as HAND_OVER_KIND
from orca_desk.steps.hand_over.request import HandOverRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.tasks.actions import GRADES
from orca_desk.ui.pages.tasks.answers_dialog import AnswersDialog
from orca_desk.ui.pages.tasks.import_dialog import ImportDialog
from orca_desk.ui.widgets.data_export_dialog import DataChoice
from orca_desk.ui.widgets.data_exports import DataExports
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.local_files import local_files
from orca_desk.ui.widgets.notice import Kind, Notice
from orca_desk.ui.words.answers_import import answers_report
from orca_desk.ui.words.imports import import_report

T = TypeVar("T")

ANSWERS_KIND = answers_request.KIND
SEVERITY: tuple[Kind, ...] = ("good", "info", "warn", "bad")


class _Waiting(NamedTuple):
    """A source that the dialog has yet to ask about, and as what."""

    source: TaskSource
    as_answers: bool


class TaskFiles(QObject):
    """Runs imports and exports for the page `parent`, and shows their results in `notice`.

    The jobs of several files that arrive together share one notice. `imported` tells the families of the
    tasks that they added, and `show_asked` that the user wants to see these, of these runs.
    """

    imported = Signal(tuple)
    show_asked = Signal(tuple, tuple)

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        notice: Notice,
        panel: JobPanel,
        families: Callable[[], Sequence[str]],
        strategies: Callable[[], Sequence[str]],
    ) -> None:
        super().__init__(parent)
        self.desk, self._page, self._notice, self._panel = desk, parent, notice, panel
        self._families, self._strategies = families, strategies
        self.exports = DataExports(desk, parent, notice=notice, panel=panel)
        self.dialog: ImportDialog | AnswersDialog | None = None
        self._sources: deque[_Waiting] = deque()  # the dialog has yet to ask about these
        self._source_count = 0
        self._joins = False  # whether the next result stands beside those of files that came with it
        self._results: list[tuple[str, str, Kind]] = []  # text, details, severity
        self._summary = ""  # of these, as the notice shows it
        self._running: list[Job] = []
        self._added: Counter[str] = Counter()  # tasks that these jobs added, by family
        self._runs: list[str] = []  # that added these tasks

    def choose_files(self, *, as_answers: bool = False) -> None:
        """Let the user select files to import, as tasks or as a model's answers."""
        dialog = QFileDialog(self._page, "Import answers" if as_answers else "Import tasks")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([
            f"{'Answers' if as_answers else 'Tasks'} (*.jsonl *.ndjson *.json *.csv *.tsv *.txt *.parquet"
            " *.gz)",
            "All files (*)",
        ])  # fmt: skip
        dialog.filesSelected.connect(
            lambda paths: self.import_from(
                [TaskSource.of_file(Path(path)) for path in paths], as_answers=as_answers
            )
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def import_from(self, sources: Sequence[TaskSource], *, as_answers: bool = False) -> None:
        """Open the import dialog for each source in turn: of tasks, or of a model's answers."""
        self._sources.extend(_Waiting(source, as_answers) for source in sources)
        self._source_count += len(sources)
        if self.dialog is None:
            self._ask_next()

    def start(self, request: ImportRequest) -> Job:
        """Import what the user confirmed in the dialog."""
        library = self.desk.library
        name = request.source.name if not request.more else counted(len(request.sources), "file")
        job = self.desk.jobs.start(
            f"Importing {name}",
            "import",
            lambda tools: request.run(library, progress=tools.progress, control=tools.control),
            changes=set(GRADES),
            heavy=False,
            returns=True,
        )
        self._follow(job, partial(self._show_imported, name))
        return job

    def start_answers(self, request: AnswersRequest) -> Job:
        """Import the answers that the user confirmed in the dialog."""
        library = self.desk.library
        job = self.desk.jobs.start(
            f"Importing the answers in {request.source.name}",
            ANSWERS_KIND,
            lambda tools: request.run(library, progress=tools.progress, control=tools.control),
            changes={*GRADES, "strategies"},
            heavy=False,
            returns=True,
        )
        self._follow(job, partial(self._show_imported_answers, request.source.name))
        return job

    def resume(self, run_id: str) -> None:
        """Go on with an import that was not finished, or begin such an export again."""
        library = self.desk.library

        def read() -> ImportRequest | AnswersRequest | HandOverRequest:
            kind = get_run(library, run_id).kind
            if kind == HAND_OVER_KIND:
                return HandOverRequest.to_resume(library, run_id)
            if kind == ANSWERS_KIND:
                return AnswersRequest.to_resume(library, run_id)
            return ImportRequest.to_resume(library, run_id)

        self.desk.background.run(self, read, self._go_on, failed=self._notice.show_error)

    def _go_on(self, request: ImportRequest | AnswersRequest | HandOverRequest) -> None:
        if isinstance(request, HandOverRequest):
            self.exports.start(request)
        elif isinstance(request, AnswersRequest):
            self.start_answers(request)
        else:
            self.start(request)

    def save_refused(self, request: ImportRequest, path: Path) -> Job:
        """Write the rows that an import refuses to `path`."""
        job = self.desk.jobs.start(
            f"Saving refused rows to {path.name}",
            "export",
            lambda tools: save_refused(request, path, progress=tools.progress, control=tools.control),
            heavy=False,
        )
        self._follow(job, partial(self._show_refused, path))
        return job

    def choose_export(self, rowids: "array[int]", wanted: TaskFilter, *, selected: bool = False) -> None:
        """Let the user export tasks: those in these rows, which `wanted` selects too."""
        what = counted(len(rowids), "selected task" if selected else "task")
        self.exports.ask(DataChoice(name=what, table="tasks", wanted={"tasks": wanted}, rowids=rowids))

    def _ask_next(self) -> None:
        if not self._sources:
            self._source_count, self.dialog, self._joins = 0, None, False
            return
        source, as_answers = self._sources.popleft()
        number = self._source_count - len(self._sources)
        position = f"file {number:,} of {self._source_count:,}" if self._source_count > 1 else ""
        again = partial(self._ask_again, source, as_answers=not as_answers)
        if as_answers:
            self.dialog = AnswersDialog(
                self.desk,
                self._page,
                source=source,
                families=self._families(),
                strategies=self._strategies(),
                start=self.start_answers,
                as_tasks=again,
                position=position,
                others_follow=bool(self._sources),
            )
        else:
            self.dialog = ImportDialog(
                self.desk,
                self._page,
                source=source,
                families=self._families(),
                start=self._start_confirmed,
                save_refused=self.save_refused,
                as_answers=again,
                position=position,
                others=[one.source for one in self._sources if not one.as_answers],
            )
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.finished.connect(partial(self._asked, self.dialog))
        self.dialog.open()

    def _asked(self, dialog: ImportDialog | AnswersDialog, _result: int) -> None:
        """Ask about the next source, unless the user wants no more of them."""
        if dialog.ends_all:
            self._sources.clear()
        self._ask_next()

    def _start_confirmed(self, request: ImportRequest) -> Job:
        if request.more:  # the dialog need not ask about these
            self._sources.clear()
        return self.start(request)

    def _ask_again(self, source: TaskSource, *, as_answers: bool) -> None:
        """Ask about a source in the other dialog, once this one is closed."""
        self._sources.appendleft(_Waiting(source, as_answers))

    def _follow(self, job: Job, show_result: Callable[[Job], None]) -> None:
        if not (self._running or self._joins):
            self._results.clear()
            self._added.clear()
            self._runs.clear()
        self._joins = self._source_count > 1  # an early one may end before the user has confirmed the next
        self._running.append(job)
        self._panel.follow(job)
        job.ended.connect(lambda: self._end(job, show_result))

    def _end(self, job: Job, show_result: Callable[[Job], None]) -> None:
        self._running.remove(job)
        if job.error is None:
            show_result(job)
        elif isinstance(job.error, UserError):  # the window reports any other error
            self._notice.show_error(job.error)

    def _show_imported(self, name: str, job: Job) -> None:
        imported: Imported = job.result
        report = import_report(imported, name, how_to_hold_out="Hold some out under Families.")
        self._offer_undo(name, imported)
        self._added.update(imported.families)
        self._runs.append(imported.run)
        self._show_result(report.summary, "\n".join([*report.notes, *report.problems]), report.tone)
        if imported.undo is not None and imported.undo.added:
            self.imported.emit(tuple(self._added))

    def _show_imported_answers(self, name: str, job: Job) -> None:
        imported: ImportedRecords = job.result
        report = answers_report(imported, name)
        self._offer_undo_of_answers(name, imported)
        details = "\n".join([*report.notes, *report.problems])
        self._show_result(report.summary, details, report.tone)
        if imported.added:
            self._notice.show_message(
                self._summary,
                details,
                kind=report.tone,
                action="Show the records",
                run=lambda: self.desk.open("records", run=imported.run),
            )

    def _offer_undo_of_answers(self, name: str, imported: ImportedRecords) -> None:
        """Let Ctrl+Z drop the records that were just imported, and delete the tasks that came with them."""
        undo = imported.undo
        if undo is not None and imported.added:
            self._offer(
                f"import the answers in {name}",
                lambda library: take_back_answers(library, undo),
                put_back_answers,
                lambda taken: self._withdraw_answers(taken.strategies),
            )

    def _withdraw_answers(self, strategies: Sequence[str]) -> None:
        """Hide the result of an import of answers that was taken back, and say what of it stays."""
        self._withdraw()
        if strategies:
            count = counted(len(strategies), "strategy", "strategies")
            self._notice.show_message(
                "The import is undone: its records are dropped, and its tasks deleted.",
                f"Records are never deleted, so {count} that they name stay: {', '.join(strategies)}.",
            )

    def _offer_undo(self, name: str, imported: Imported) -> None:
        """Let Ctrl+Z take back what was just imported."""
        undo = imported.undo
        if undo is not None and (undo.added or undo.replaced):
            self._offer(
                f"import {name}",
                lambda library: take_back(library, undo),
                put_back,
                lambda _: self._withdraw(),
            )

    def _offer(
        self,
        title: str,
        take: Callable[[Library], T],
        put: Callable[[Library, T], object],
        undone: Callable[[T], None],
    ) -> None:
        """Add an import that was just made to what Ctrl+Z undoes: `take` undoes it, `put` makes it again."""
        library = self.desk.library
        taken: list[T] = []

        def again() -> None:
            if taken:  # the first time, the import has been made already
                put(library, taken.pop())

        self.desk.do(
            title,
            again,
            lambda _: taken.append(take(library)),
            *GRADES,
            undone=lambda: undone(taken[-1]),
        )

    def _withdraw(self) -> None:
        """Hide the result of an import that was taken back, unless the notice says something else by now."""
        if self._notice.text.text() == self._summary:
            self._notice.hide()

    def _show_refused(self, path: Path, job: Job) -> None:
        self._show_result(f"Saved {counted(job.result, 'refused row')} to {path.name}.", str(path), "good")

    def _show_result(self, text: str, details: str, kind: Kind) -> None:
        self._results.append((text, details, kind))
        self._summary = " ".join(text for text, _, _ in self._results)
        self._notice.show_message(
            self._summary,
            "\n".join(details for _, details, _ in self._results if details),
            kind=max((kind for _, _, kind in self._results), key=SEVERITY.index),
            action="Show them" if self._added else "",
            run=lambda: self.show_asked.emit(tuple(self._added), tuple(self._runs)),
        )


def sources_of(data: QMimeData | None) -> list[TaskSource]:
    """Return the sources that were dropped or are on the clipboard: files if there are any, or else text."""
    if data is None:
        return []
    if files := local_files(data):
        return [TaskSource.of_file(path) for path in files]
    return [TaskSource.of_text(data.text())] if data.hasText() and data.text().strip() else []
