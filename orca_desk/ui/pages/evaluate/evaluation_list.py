"""All evaluations that have answers, with a check mark for those to compare."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction

from orca_desk.library.deleting.kinds import Kind
from orca_desk.steps.evaluate.comparison import ListedEvaluation, in_order
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.evaluate.candidate_list import role_of
from orca_desk.ui.widgets.blocks import Index
from orca_desk.ui.widgets.data_export_dialog import DataChoice
from orca_desk.ui.widgets.data_exports import DataExports
from orca_desk.ui.widgets.row_table import RowTable, row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.widgets.tidying import Tidying
from orca_desk.ui.widgets.when import exactly, when
from orca_desk.ui.words.evaluations import interval as interval

NAME, MODEL, SYSTEM, _, _, WHEN, NOTE = range(7)
WIDTHS = (190, 0, 140, 70, 190, 116, 120)  # px; the Model column takes the rest
NEEDS = {SYSTEM: 860, WHEN: 760, NOTE: 1100}


class EvaluationList(RowsModel[ListedEvaluation]):
    """Lists evaluations, the newest first. `chosen_changed` follows each change of a check mark."""

    chosen_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            (
                Column("Name", lambda row: f"{row.name}  ·  {row.id}"),
                Column("Model", _model),
                Column("System message", self._system),
                Column("Tasks", self._count, number=True),
                Column(
                    "Correct (95% interval)", lambda row: interval(row.accuracy), number=True, sort=_share
                ),
                Column(
                    "When",
                    lambda row: when(row.evaluation.run.created_at),
                    sort=lambda row: row.evaluation.run.created_at,
                ),
                Column("Note", lambda row: row.evaluation.run.note),
            )
        )
        self.desk = desk
        self._chosen: set[str] = set()
        self._systems = {
            "cautious": "cautious",
            "empty": "empty",
            "strategy": "each family's strategy",
            "wrong": "a wrong strategy",
            "own": "custom",
        }
        desk.theme.changed.connect(self.repaint)

    @property
    def chosen(self) -> list[str]:
        """The ids of the checked evaluations, in the order in which they are compared."""
        return in_order({row.id: row.name for row in self.given if row.id in self._chosen})

    def identity(self, row: ListedEvaluation) -> str:
        """Return the evaluation's id, which stays the same while the row changes."""
        return row.id

    def choose(self, evaluation_ids: Sequence[str]) -> None:
        """Check exactly these."""
        self._chosen = set(evaluation_ids)
        self.repaint()
        self.chosen_changed.emit()

    def toggle(self, index: Index) -> None:
        """Check or uncheck a row."""
        self._chosen ^= {self.rows[index.row()].id}
        self.repaint()
        self.chosen_changed.emit()

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Make the names checkable."""
        flags = super().flags(index)
        if index.isValid() and index.column() == NAME:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def cell(self, row: ListedEvaluation, column: int, role: int) -> Any:
        """Return a cell's tooltip, and a name's check mark, icon and colour."""
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe_tip(self._in_full(row, column))
        if column != NAME:
            return None
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if row.id in self._chosen else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole:
            return icon("target", self.desk.theme.colours, role_of(row.name))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self.desk.theme.colours(role_of(row.name))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = "compared" if row.id in self._chosen else "not compared"
            return f"{row.name} {row.id}, {state}"
        return None

    def setData(  # noqa: N802 - Qt's name
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Set a check mark."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        if (Qt.CheckState(value) == Qt.CheckState.Checked) != (self.rows[index.row()].id in self._chosen):
            self.toggle(index)
        return True

    def _system(self, row: ListedEvaluation) -> str:
        kind = row.evaluation.system_kind
        return self._systems.get(kind, kind)

    def _count(self, row: ListedEvaluation) -> str:
        if row.evaluation.run.status == "done":  # what could not be asked counts as incorrect
            return f"{row.questions:,}"
        return f"{row.answered:,} of {row.questions:,}"

    def _in_full(self, row: ListedEvaluation, column: int) -> str:
        """Return the full text of a cell that has no room for it."""
        one = row.evaluation
        if column == MODEL:
            return f"{one.model} + {one.adapter}" if one.adapter else str(one.model)
        if column == SYSTEM and one.system is not None:
            return one.system or self._system(row)
        return exactly(one.run.created_at) if column == WHEN else self.columns[column].text(row)


def _share(row: ListedEvaluation) -> float | None:
    return row.accuracy.share if row.accuracy.n else None


def _selected(view: RowTable, model: EvaluationList) -> list[str]:
    return [model.rows[index.row()].id for index in view.selectionModel().selectedRows()]


def _model(row: ListedEvaluation) -> str:
    adapter = row.evaluation.adapter
    if adapter is None:
        return row.evaluation.model.stem
    name = adapter.parent.name if adapter.name == "adapter.gguf" else adapter.stem
    return f"{row.evaluation.model.stem} + {name}"


def to_export(model: EvaluationList, ids: Sequence[str]) -> list[DataChoice]:
    """Return what can be exported of these evaluations: the answers of each, and the list of all."""
    names = {row.id: row.name for row in model.given}
    answers = [
        DataChoice(
            name=f"All answers of {names.get(one) or one}", table="evaluation", wanted={"of": one}, stem=one
        )
        for one in ids
    ]
    return [*answers, DataChoice(name="All evaluations, with their counts", table="evaluations")]


def make_table(model: EvaluationList, exports: DataExports) -> RowTable:
    """Return the list's view. Space, Enter or a double click checks a row."""
    view = row_table(model, "Evaluations to compare", needs=NEEDS, main=MODEL)
    view.set_widths(WIDTHS)
    view.activated.connect(lambda index: model.toggle(index) if index.column() != NAME else None)
    tidying = Tidying(model.desk, view, Kind.EVALUATION, lambda: _selected(view, model))
    export = QAction("Export…", view)
    export.triggered.connect(lambda: exports.ask(*to_export(model, _selected(view, model))))
    row_menu(view, lambda: [export, *tidying.actions])
    return view
