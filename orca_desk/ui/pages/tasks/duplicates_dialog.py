"""The dialog that shows tasks which ask the same: what is kept of each cluster, and what is deleted."""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.library.benchmarks import Benchmark, list_benchmarks, remove_benchmark, restore_benchmark
from orca_desk.steps.collect.duplicates import Duplicates, name_benchmark, without_changed
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.tasks.duplicates_search import DuplicatesSearch, Sought
from orca_desk.ui.pages.tasks.duplicates_view import ClustersView
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.duplicates import (
    BENCHMARK_TIP,
    HOW,
    KEEPER,
    NEAR_TIP,
    STAYS,
    duplicates_summary,
    named_sentence,
)
from orca_desk.ui.words.shorten import shorten

OLD = "The tasks have changed since; Find searches again."
EMPTY = "Find shows here what is asked more than once, before anything is deleted."
KEYS = "D deletes the selected copy, K keeps it, P keeps it in place of the first one."


class DuplicatesDialog(QDialog):
    """Shows what `search` finds, and resolves it. `delete` receives the row ids of what is to be deleted."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        search: DuplicatesSearch,
        delete: Callable[["array[int]"], None],
    ) -> None:
        super().__init__(parent)
        self.desk = desk
        self._search = search
        self._delete = delete
        self._job: Job | None = None
        self._file: Path | None = None
        self._again: Callable[[], None] = self.search  # what a choice among the parts of a file goes on with
        self.setWindowTitle("Find duplicates")
        self.resize(1000, 720)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Find duplicates", size="heading", bold=True))
        layout.addWidget(label(HOW, tone="muted", wrap=True))
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        layout.addLayout(self._choice_row())
        layout.addWidget(self._benchmark_row())
        self.panel = JobPanel(desk)
        self.panel.pause.hide()
        layout.addWidget(self.panel)
        self.summary = label(EMPTY, wrap=True)
        layout.addWidget(self.summary)
        self.view = ClustersView(desk, self.notice)
        layout.addWidget(self.view, 1)
        layout.addLayout(self._end_row())
        self.view.changed.connect(self._update_buttons)
        self.find_button.setDefault(True)
        self.find_button.setFocus()
        desk.changed.connect(self._library_changed)
        search.ended.connect(self._searched)
        self._read_benchmarks()
        self._show_search()

    def _choice_row(self) -> QHBoxLayout:
        self.file_button = button(
            "Compare with a file…",
            self.choose_file,
            tip="Find the tasks that a file, such as a benchmark, asks",
        )
        self.all_button = button(
            "Compare all tasks", self._forget_file, tip="Compare the tasks with each other"
        )
        self.compared = label("", tone="muted")
        self.rows_in = QComboBox()
        self.rows_in.setAccessibleName("List, sheet or table of the file")
        self.rows_in.activated.connect(lambda _: self._again())
        self.rows_in.hide()
        self.near = number_box(50, 100)
        self.near.setPrefix("near from ")
        self.near.setSuffix(" % alike")
        self.near.setAccessibleName("How similar near copies are, in per cent")
        self.near.setToolTip(NEAR_TIP)
        self.across = QCheckBox("Only in &both splits")
        self.across.setToolTip("Only what a student would be trained on and tested on")
        self.find_button = button("Find", self.search, primary=True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.compared, 1)
        row.addWidget(self.rows_in)
        for made in (self.file_button, self.all_button, self.near, self.across, self.find_button):
            row.addWidget(made)
        for made in (self.file_button, self.all_button, self.find_button):
            made.setAutoDefault(False)
        return row

    def _benchmark_row(self) -> QWidget:
        self.benchmark_row = QWidget()
        self.benchmarks = QComboBox()
        self.benchmarks.setAccessibleName("Benchmarks")
        self.benchmarks.setMinimumContentsLength(24)
        self.benchmarks.setToolTip(BENCHMARK_TIP)
        self.remove_button = button(
            "Remove", self.remove_benchmark, tip="Its questions may then be trained on. The file stays."
        )
        self.remove_button.setAutoDefault(False)
        row = QHBoxLayout(self.benchmark_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(label("Benchmarks", tone="muted"))
        row.addWidget(self.benchmarks)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        self.benchmark_row.hide()
        return self.benchmark_row

    def _end_row(self) -> QHBoxLayout:
        self.apply_button = button("Delete", self.apply, primary=True)
        self.name_button = button("Make the file a benchmark", self.name_file, tip=BENCHMARK_TIP)
        close = button("Close", self.reject)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.rule = label("", size="caption", tone="muted", wrap=True)
        row.addWidget(self.rule, 1)
        for made in (self.name_button, self.apply_button, close):
            made.setAutoDefault(False)
            row.addWidget(made)
        return row

    def done(self, result: int) -> None:
        """Stop reading a benchmark, for which nobody waits. A search goes on."""
        if self._job is not None and not self._job.is_over:
            self._job.stop()
        super().done(result)

    # What the user does

    def choose_file(self) -> None:
        """Let the user select the file to compare with."""
        dialog = QFileDialog(self, "Compare with a file")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.compare_with(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def compare_with(self, path: Path | None) -> None:
        """Find the tasks that this file asks, or with None what all tasks ask more than once."""
        self._file = path
        self.rows_in.clear()
        self.rows_in.hide()
        self.search()

    def search(self) -> None:
        """Start the search."""
        sought = Sought(
            near=self.near.value() / 100,
            file=self._file,
            rows_in=self._rows_in(),
            across=self.across.isChecked(),
        )
        self.search_for(sought)

    def search_for(self, sought: Sought) -> None:
        """Start a search, and set what it asks for."""
        self._again = self.search
        self.notice.hide()
        self._search.start(sought)
        self._show_search()

    def name_file(self) -> None:
        """Remember the file as a benchmark."""
        library, file, rows_in = self.desk.library, self._file, self._rows_in()
        if file is not None:
            self._again = self.name_file
            self.notice.hide()
            self._job = job = self.desk.jobs.start(
                "Reading a benchmark",
                "duplicates",
                lambda tools: name_benchmark(
                    library, file, rows_in=rows_in, progress=tools.progress, control=tools.control
                ),
                changes=["benchmarks"],
                heavy=False,
            )
            self.panel.follow(job)
            job.ended.connect(lambda: self._named(job))
            self._update_buttons()

    def remove_benchmark(self) -> None:
        """Forget the selected benchmark, with undo by the desk."""
        library, name = self.desk.library, self.benchmarks.currentData()
        change = f"remove the benchmark {shorten(name, 60)}"
        text = f"{shorten(name)} is no longer a benchmark."

        def tell(_: object) -> None:
            if isValid(self):
                self.notice.offer_undo(text, change=change)
            else:  # the user closed the dialog during the change
                self.desk.say(f"{text} Press Ctrl+Z to undo.")

        self.desk.do(
            change,
            lambda: remove_benchmark(library, name),
            lambda removed: restore_benchmark(library, removed),
            "benchmarks",
            then=tell,
        )

    def apply(self) -> None:
        """Delete what is marked, with undo by the desk."""
        rowids = self.view.to_delete()
        if rowids:
            self._search.forget()
            self._delete(rowids)
            self.accept()

    def _show_search(self) -> None:
        """Show the latest search: how far it is, or what it found."""
        sought, found = self._search.sought, self._search.found
        self._file = sought.file
        self.near.setValue(round(sought.near * 100))
        self.across.setChecked(sought.across)
        if self._search.is_running and self._search.job is not None:
            self.panel.follow(self._search.job)
        elif found is not None:
            self._show_found(found)
        self._update_buttons()

    def _searched(self) -> None:
        if not isValid(self) or self._search.job is None:
            return
        if self._search.found is not None:
            self._show_found(self._search.found)
        self._tell(self._search.job)
        self._update_buttons()

    def _show_found(self, found: Duplicates) -> None:
        """Show what was found, of an old search only what is still so."""
        if not self._search.is_old:
            self._show_clusters(found)
            return
        library, search = self.desk.library, self._search
        self.desk.background.run(
            self,
            lambda: without_changed(library, found),
            lambda left: self._show_clusters(left) if search.found is found else None,
            failed=self.notice.show_error,
        )

    def _show_clusters(self, found: Duplicates) -> None:
        old = f" {OLD}" if self._search.is_old else ""
        self.summary.setText(f"{duplicates_summary(found)}{old}")
        self.view.show_clusters(found.clusters)
        if found.clusters:
            self.view.table.setFocus()

    def _rows_in(self) -> str:
        return self.rows_in.currentData() or ""

    def _offer_lists(self, names: Sequence[str]) -> None:
        """Offer the parts of a file that has several sets of rows."""
        self.rows_in.clear()
        self.rows_in.addItem("Select one", "")
        for name in names:
            self.rows_in.addItem(shorten(name, 40), name)
        self.rows_in.show()
        self.rows_in.setEnabled(True)
        self.rows_in.setFocus()

    def _library_changed(self, parts: frozenset[str]) -> None:
        if "benchmarks" in parts:
            self._read_benchmarks()

    def _read_benchmarks(self) -> None:
        library = self.desk.library
        self.desk.background.run(
            self, lambda: list_benchmarks(library), self._show_benchmarks, only_newest="benchmarks"
        )

    def _show_benchmarks(self, found: list[Benchmark]) -> None:
        self.benchmarks.clear()
        for one in found:
            self.benchmarks.addItem(f"{shorten(one.name, 60)} ({one.questions:,})", one.name)
        self.benchmark_row.setVisible(bool(found))

    def _named(self, job: Job) -> None:
        if not isValid(self):
            return
        self._tell(job)
        if job.result is not None:
            self.notice.show_message(named_sentence(job.result), kind="good")
        self._update_buttons()

    def _tell(self, job: Job) -> None:
        """Show the error of a job that the user can do something about."""
        if isinstance(job.error, UserError):
            self.notice.show_error(job.error)
            if isinstance(job.error, SeveralListsError):
                self._offer_lists(job.error.names)

    def _forget_file(self) -> None:
        self.compare_with(None)

    def _update_buttons(self) -> None:
        is_free = not self._search.is_running and (self._job is None or self._job.is_over)
        busy = (self.find_button, self.file_button, self.all_button, self.name_button, self.rows_in)
        for made in busy:
            made.setEnabled(is_free)
        self.all_button.setVisible(self._file is not None)
        self.name_button.setVisible(self._file is not None)
        self.compared.setText(f"Compared with {self._file.name}" if self._file else "All tasks")
        self.rule.setText(f"{STAYS if self._file else KEEPER} {KEYS}")
        self.across.setEnabled(self._file is None)
        count = len(self.view.to_delete())
        self.apply_button.setText(f"Delete {counted(count, 'task')}" if count else "Delete")
        self.apply_button.setEnabled(is_free and count > 0)
