"""Where the answers of the compared evaluations first go wrong: by step number, by type of step, by fault.

Counted on the tasks that they share, as all results beside it are.
"""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from orca_desk.library.database import Library
from orca_desk.method.answer_reading import StepFaults
from orca_desk.steps.evaluate.answer_steps import first_faults
from orca_desk.steps.evaluate.scoring import OVERALL, settled, shared_tasks
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.evaluate.tables import ComparisonTable, result_view
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.words.answer_steps import fault_name, faults_summary, marker_name

BY_PLACE, BY_MARKER, BY_FAULT, BY_FAMILY = "place", "marker", "fault", "family"
VIEWS = {
    BY_PLACE: "By step number",
    BY_MARKER: "By the step's opening",
    BY_FAULT: "By type of error",
    BY_FAMILY: "By family",
}
TIP = (
    "The first step of each answer that its checker finds incorrect. The bundled families have checkers;"
    " choose one for a family of yours under Tasks > Families."
)
Faults = dict[str, dict[str, StepFaults]]  # evaluation id -> family -> faults


class FaultTable(ComparisonTable):
    """A row per step number, marker, fault or family; a column per evaluation with the number of answers."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._counts: list[list[str]] = []

    def show_counts(self, corner: str, names: Sequence[str], rows: Sequence[tuple[str, list[int]]]) -> None:
        """Show counts: each row has its name, and a count per column."""
        self.beginResetModel()
        self.corner, self.columns = corner, list(names)
        self.names = [name for name, _ in rows]
        self._counts = [[f"{count:,}" if count else "–" for count in counts] for _, counts in rows]
        self.endResetModel()

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return a count."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment
        return self._counts[row][column] if role == Qt.ItemDataRole.DisplayRole else None


class FaultsCard(QWidget):
    """Counts the first incorrect steps when asked to: reading thousands of answers takes seconds."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self.found: Faults = {}
        self._names: dict[str, str] = {}  # evaluation id -> name
        self.table = FaultTable(desk)
        self.view = result_view(self.table, desk.theme, "First incorrect steps")
        self.by = QComboBox()
        self.count = button("Find the first incorrect steps", self.read, tip=TIP)
        self.summary = label(tone="muted", wrap=True)
        frame, layout = card()
        head = FlowRow()
        title = label("Where answers go wrong", size="heading", bold=True)
        title.setToolTip(TIP)
        head.addWidget(title, 1)
        for key, words in VIEWS.items():
            self.by.addItem(words, key)
        self.by.setAccessibleName("How the first incorrect steps are counted")
        self.by.activated.connect(self._fill)
        head.addWidget(self.by)
        head.addWidget(self.count)
        layout.addLayout(head)
        layout.addWidget(self.summary)
        layout.addWidget(self.view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._show({})

    def show_evaluations(self, names: dict[str, str]) -> None:
        """Be about these evaluations, given by id with their names."""
        if names != self._names:
            self._names = dict(names)
            self._show(self.found)  # counted again for others, which share other tasks

    def read(self) -> None:
        """Read the answers of all evaluations, in the background."""
        library, ids = self.desk.library, list(self._names)
        self.count.setEnabled(False)
        self.summary.setText("Reading the answers…")
        self.desk.background.run(
            self, lambda: _read(library, ids), self._show, failed=self._fail, only_newest="faults"
        )

    def _show(self, found: Faults) -> None:
        self.count.setEnabled(True)
        if found.keys() != self._names.keys():
            found = {}
        self.found = found
        self.count.setVisible(not found)
        self.by.setVisible(bool(found))
        self.view.setVisible(bool(found))
        if not found:
            self.summary.setText("Each answer is split into steps, and each step is checked where it can be.")
            return
        several = len(found) > 1
        self.summary.setText(
            "\n".join(
                f"{self._names[one]}: {faults_summary(faults[OVERALL])}" if several
                else faults_summary(faults[OVERALL])
                for one, faults in found.items()
            )
        )  # fmt: skip
        self._fill()

    def _fill(self) -> None:
        key = self.by.currentData()
        self.table.show_counts(
            VIEWS[key].removeprefix("By ").capitalize(),
            [self._names[one] for one in self.found],
            rows(list(self.found.values()), key),
        )

    def _fail(self, error: Exception) -> None:
        self._show({})
        self.notice.show_error(error)


def rows(found: Sequence[dict[str, StepFaults]], by: str) -> list[tuple[str, list[int]]]:
    """Return the rows of a table of some evaluations' faults, each with a count per evaluation."""
    if by == BY_FAMILY:
        families = sorted({name for one in found for name in one if name != OVERALL})
        return [
            (name, [one[name].by_place.total() if name in one else 0 for one in found]) for name in families
        ]
    overall = [one[OVERALL] for one in found]
    if by == BY_PLACE:
        places = sorted({place for one in overall for place in one.by_place})
        return [(f"step {place}", [one.by_place[place] for one in overall]) for place in places]
    counters = [one.by_marker if by == BY_MARKER else one.by_fault for one in overall]
    keys = sorted(
        {key for one in counters for key in one}, key=lambda key: (-sum(one[key] for one in counters), key)
    )
    name = marker_name if by == BY_MARKER else fault_name
    return [(name(key), [one[key] for one in counters]) for key in keys]


def _read(library: Library, ids: Sequence[str]) -> Faults:
    shared = shared_tasks([settled(library, one) for one in ids]) if len(ids) > 1 else None
    return {one: first_faults(library, one, tasks=shared) for one in ids}
