"""The import dialog: a preview of the source, the mapping of its columns, and its unreadable rows."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.formats.columns import FIELDS
from orca_desk.formats.preview import ImportPreview, preview_tasks
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.method.records import Task
from orca_desk.method.splits import hold_out
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.import_tables import PreviewModel, preview_table
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import SPLITS, sentence

# The user can map every field but the id
MAPPED = tuple(field for field in FIELDS if field != "id")
TITLES = {
    "query": "Question",
    "context": "Context",
    "answer": "Answer",
    "family": "Family",
    "split": "Split",
    "tags": "Tags",
    "answer_kind": "Answer type",
    "strategy": "Strategy",
}


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
        position: str = "",
    ) -> None:
        """`position` says which of several sources this is, such as "file 2 of 3"."""
        super().__init__(parent)
        self.desk, self.source, self._start = desk, source, start
        self.preview: ImportPreview | None = None
        self._chosen: dict[str, str] = {}
        self.setWindowTitle("Import tasks")
        self.resize(920, 680)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        title = f"Import {source.name}"
        layout.addWidget(label(f"{title}  ({position})" if position else title, size="heading", bold=True))
        self.summary = label("Reading…", tone="muted", wrap=True)
        layout.addWidget(self.summary)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self._content = QWidget()
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GRID + GRID // 2)
        inner.addLayout(self._mapping_grid())
        inner.addLayout(self._options(families))
        inner.addWidget(self._tabs(), 1)
        layout.addWidget(self._content, 1)
        layout.addWidget(self._buttons())
        self._read()

    def request(self) -> ImportRequest:
        """Return what to import and how."""
        return ImportRequest(
            source=self.source,
            mapping=dict(self._chosen) or None,
            family=self.family.currentText().strip() or DEFAULT_FAMILY,
            heldout=float(self.percent.value()) if self.hold.isChecked() else None,
            update=bool(self.existing.currentData()),
        )

    def accept(self) -> None:
        """Start the import, if there is a task to import."""
        if self.import_button.isEnabled():
            super().accept()
            self._start(self.request())

    def choose(self, field: str, column: str) -> None:
        """Read a field of the tasks from `column` ("" for none)."""
        self._chosen[field] = column
        self._read()

    def _mapping_grid(self) -> QGridLayout:
        self.columns: dict[str, QComboBox] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        for number, field in enumerate(MAPPED):
            box = QComboBox()
            box.setMinimumContentsLength(10)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setAccessibleName(f"Column for {TITLES[field]}")
            box.activated.connect(lambda _, field=field, box=box: self.choose(field, box.currentData()))
            self.columns[field] = box
            row, column = divmod(number, 4)
            words = label(TITLES[field], size="caption", tone="muted")
            words.setBuddy(box)
            grid.addWidget(words, 2 * row, column)
            grid.addWidget(box, 2 * row + 1, column)
            grid.setColumnStretch(column, 1)
        return grid

    def _options(self, families: Sequence[str]) -> QGridLayout:
        self.family = QComboBox()
        self.family.setEditable(True)
        self.family.addItems([DEFAULT_FAMILY, *(name for name in families if name != DEFAULT_FAMILY)])
        self.family.currentTextChanged.connect(lambda _: self._read())
        self.hold = QCheckBox("Hold out")
        self.hold.setToolTip("Whatever the file says. The same tasks are held out every time.")
        self.percent = number_box(0, 100)
        self.percent.setValue(20)
        self.percent.setSuffix(" %")
        self.percent.setEnabled(False)
        self.percent.setAccessibleName("Percentage to hold out")
        self.hold.toggled.connect(self.percent.setEnabled)
        self.hold.toggled.connect(lambda _: self._show())
        self.percent.valueChanged.connect(lambda _: self._show())
        self.existing = QComboBox()
        self.existing.addItem("Leave unchanged", False)
        self.existing.addItem("Replace", True)
        held = QHBoxLayout()
        held.addWidget(self.hold)
        held.addWidget(self.percent, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        for column, (text, box) in enumerate((
            ("Family for rows without one", self.family),
            ("Tasks already in the library", self.existing),
        )):  # fmt: skip
            words = label(text, size="caption", tone="muted")
            words.setBuddy(box)
            box.setAccessibleName(text)
            grid.addWidget(words, 0, 2 * column)
            grid.addWidget(box, 1, 2 * column)
        grid.addWidget(label("Evaluation", size="caption", tone="muted"), 0, 1)
        grid.addLayout(held, 1, 1)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        return grid

    def _tabs(self) -> QTabWidget:
        theme = self.desk.theme
        self.rows = PreviewModel(theme, ("Line", "Question", "Context", "Answer", "Family", "Split", "Tags"))
        self.problems = PreviewModel(theme, ("Line", "Problem", "What to do"))
        self.tabs = QTabWidget()
        self.table = preview_table(self.rows, (56, 300, 130, 120, 100, 80, 80))
        self.table.setAccessibleName("First rows as tasks")
        self.tabs.addTab(self.table, "First rows")
        problems = preview_table(self.problems, (56, 420, 300))
        problems.setAccessibleName("Unreadable rows")
        self.tabs.addTab(problems, "Problems")
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
        wanted = self.request()
        self.desk.background.run(
            self,
            lambda: preview_tasks(wanted.source.open(), wanted.mapping, family=wanted.family),
            self._take,
            failed=self._fail,
            only_newest="preview",
        )

    def _take(self, preview: ImportPreview) -> None:
        self.preview = preview
        self.notice.hide()
        self._content.setEnabled(True)
        for field, box in self.columns.items():
            _fill(box, preview.columns, preview.mapping.get(field, ""))
        self._show()

    def _fail(self, error: Exception) -> None:
        self.preview = None
        self._content.setVisible(not isinstance(error, UserError))
        self.summary.setText("Nothing was imported.")
        self.import_button.setEnabled(False)
        self.notice.show_error(error)

    def _show(self) -> None:
        seen = self.preview
        if seen is None:
            return
        self._content.show()
        percent = self.percent.value() if self.hold.isChecked() else None
        bad = {place for place, (_, row) in enumerate(seen.rows) if isinstance(row, BadRow)}
        self.rows.set_rows([_cells(line, row, percent) for line, row in seen.rows], bad)
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
        self.summary.setText(_summary(seen, percent))


def _summary(seen: ImportPreview, percent: int | None) -> str:
    """Return what the rows look like, and what the user should do before importing them."""
    rows = counted(seen.good + seen.bad, "row")
    rows = rows if seen.whole else f"first {rows}"
    sentences = [f"{seen.format}, {rows}: " + (f"{seen.bad:,} unreadable." if seen.bad else "all readable.")]
    if "query" not in seen.mapping and seen.columns:
        return f"{sentences[0]} Select the column with the question."
    problems = {f"{sentence(problem.what)} {problem.hint}" for problem in seen.problems}
    if len(problems) == 1:  # several are in the Problems tab
        sentences += problems
    if percent is None and not seen.heldout and seen.good:
        sentences.append("None of these tasks is held out, so none can be used for evaluation.")
    return " ".join(sentences)


def _cells(line: int, row: Task | BadRow, percent: int | None) -> tuple[str, ...]:
    if isinstance(row, BadRow):
        return (f"{line:,}", f"{sentence(row.what)} {row.hint}", "", "", "", "", "")
    task = row if percent is None else hold_out(row, percent)
    texts = (task.query, task.context, task.answer or "", task.family)
    return (f"{line:,}", *map(shorten, texts), SPLITS[task.split], ", ".join(task.tags))


def _fill(box: QComboBox, columns: Sequence[str], chosen: str) -> None:
    box.blockSignals(True)
    box.clear()
    box.addItem("–", "")
    for column in columns:
        box.addItem(shorten(column, 60) or "(no name)", column)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
