"""The import dialog: a preview of the source, how it is read, and the rows that are refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.rows import BadRow
from orca_desk.method.records import Task
from orca_desk.steps.collect.preview import PreviewedImport, preview_import
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.import_choices import ColumnChoices, ImportChoices
from orca_desk.ui.pages.tasks.import_tables import PreviewModel, preview_table
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.save_file import ask_for_file
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.answers_import import ARE_ANSWERS
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.imports import preview_doubts, preview_summary
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import SPLITS, sentence


class ImportDialog(QDialog):
    """Shows the first rows of `source` as tasks, and passes the user's choices to `start`."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        source: TaskSource,
        families: Sequence[str],
        start: Callable[[ImportRequest], Any],
        save_refused: Callable[[ImportRequest, Path], Any],
        as_answers: Callable[[], Any],
        position: str = "",
    ) -> None:
        """`as_answers` opens the import of answers instead.

        `position` says which of several sources this is, such as "file 2 of 3".
        """
        super().__init__(parent)
        self._as_answers = as_answers
        self.desk, self.source, self._start, self._save_refused = desk, source, start, save_refused
        self.preview: PreviewedImport | None = None
        self._questions = LibraryQuestions(desk.library)
        self.setWindowTitle("Import tasks")
        self.resize(960, 700)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        title = f"Import {source.name}"
        layout.addWidget(label(f"{title}  ({position})" if position else title, size="heading", bold=True))
        self.summary = label("Reading…", tone="muted", wrap=True)
        layout.addWidget(self.summary)
        self.doubts = label(tone="warn", wrap=True)
        self.doubts.hide()
        layout.addWidget(self.doubts)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.choices = ImportChoices(source, families)
        self.choices.changed.connect(self._read)
        layout.addWidget(self.choices)
        self._content = QWidget()
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GRID + GRID // 2)
        self.fields = ColumnChoices()
        self.fields.changed.connect(self._read)
        inner.addWidget(self.fields)
        inner.addWidget(self._tabs(), 1)
        layout.addWidget(self._content, 1)
        self._filler = QWidget()  # keeps an error at the top while there is no content
        self._filler.hide()
        layout.addWidget(self._filler, 1)
        layout.addWidget(self._buttons())
        self._read()

    def request(self) -> ImportRequest:
        """Return what to import and how."""
        return replace(self.choices.request(), mapping=dict(self.fields.chosen) or None)

    def accept(self) -> None:
        """Start the import, if there is a task to import."""
        if self.import_button.isEnabled():
            self._start(self.request())  # before the dialog of the next file opens: their reports are joined
            super().accept()

    def _tabs(self) -> QTabWidget:
        theme = self.desk.theme
        self.rows = PreviewModel(theme, ("Line", "Question", "Context", "Answer", "Family", "Split", "Tags"))
        self.problems = PreviewModel(theme, ("Line", "Problem", "What to do"))
        self.tabs = QTabWidget()
        self.table = preview_table(self.rows, (56, 340, 120, 120, 100, 80, 60))
        self.table.setAccessibleName("First rows as tasks")
        self.tabs.addTab(self.table, "First rows")
        refused = QWidget()
        column = QVBoxLayout(refused)
        column.setContentsMargins(0, 0, 0, 0)
        problems = preview_table(self.problems, (56, 420, 300))
        problems.setAccessibleName("Refused rows")
        column.addWidget(problems, 1)
        self.save_button = button("Save the refused rows…", self._choose_file)
        self.save_button.setAutoDefault(False)
        column.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.tabs.addTab(refused, "Problems")
        return self.tabs

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.import_button = button("Import", primary=True, tip="Ctrl+Enter")
        self.import_button.setEnabled(False)
        self.import_button.setDefault(True)
        buttons.addButton(self.import_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.accept)
        return buttons

    def _read(self) -> None:
        wanted, questions = self.request(), self._questions
        self.desk.background.run(
            self,
            lambda: preview_import(wanted, questions),
            self._take,
            failed=self._fail,
            only_newest="preview",
        )

    def _take(self, preview: PreviewedImport) -> None:
        self.preview = preview
        self.notice.hide()
        self._content.show()
        self._filler.hide()
        seen = preview.preview
        self.fields.show_columns(seen.columns, seen.mapping)
        self.choices.show_file(seen.file.layout)
        self._show(preview)
        if preview.are_answers:
            self.notice.show_message(
                ARE_ANSWERS, kind="warn", action="Import as answers…", run=self._change_to_answers
            )

    def _change_to_answers(self) -> None:
        self._as_answers()
        self.reject()

    def _fail(self, error: Exception) -> None:
        self.preview = None
        self.choices.offer_lists(error.names if isinstance(error, SeveralListsError) else ())
        self._content.setVisible(not isinstance(error, UserError))
        self._filler.setVisible(isinstance(error, UserError))
        self.summary.setText("Nothing was imported.")
        self.doubts.hide()
        self.import_button.setEnabled(False)
        self.notice.show_error(error)

    def _show(self, preview: PreviewedImport) -> None:
        seen = preview.preview
        bad = {place for place, (_, row) in enumerate(seen.rows) if isinstance(row, BadRow)}
        self.rows.set_rows([_cells(line, row, preview) for line, row in seen.rows], bad)
        self.table.clearSpans()
        for place in bad:
            self.table.setSpan(place, 1, 1, self.rows.columnCount() - 1)
        self.problems.set_rows(
            [(f"{one.line:,}", sentence(one.what), one.hint) for one in seen.problems], set()
        )
        self.tabs.setTabText(1, f"Problems ({seen.bad:,})")
        self.tabs.setTabEnabled(1, bool(seen.bad))
        self.import_button.setEnabled(seen.good > 0)
        text = f"Import {counted(seen.good, 'task')}" if seen.whole else "Import all"
        self.import_button.setText(text if seen.good else "Import")
        self.summary.setText(preview_summary(preview))
        doubts = preview_doubts(preview)
        self.doubts.setText("\n".join(doubts))
        self.doubts.setVisible(bool(doubts))

    def _choose_file(self) -> None:
        wanted = self.request()
        path = self.source.path
        ask_for_file(
            self,
            self.desk,
            title="Save the refused rows",
            name=f"refused-{path.name}" if path else "refused.txt",
            kinds="All files (*)",
            then=lambda chosen: self._save_refused(wanted, chosen),
        )


def _cells(line: int, row: Task | BadRow, preview: PreviewedImport) -> tuple[str, ...]:
    if isinstance(row, BadRow):
        return (f"{line:,}", f"{sentence(row.what)} {row.hint}", "", "", "", "", "")
    texts = (row.query, row.context, row.answer or "", row.family)
    return (f"{line:,}", *map(shorten, texts), SPLITS[preview.split(row)], ", ".join(row.tags))
