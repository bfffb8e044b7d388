"""The search and the filters above the table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.library.tasks import TaskFilter
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.saved_filters import SavedFilters
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.words.finding import field_help, search_problem
from orca_desk.ui.words.tasks import FAMILY_STRATEGY, SPLITS

SEARCH_DELAY_MS = 120  # between the last key and the search
MAX_CHOICES = 1000  # families or tags in a list; the search finds the others
Choice = tuple[str, dict[str, Any]]  # text, and the fields of TaskFilter that it sets


@dataclass(frozen=True, kw_only=True)
class TaskChoices:
    """The names that the filters offer."""

    families: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    family_tasks: Mapping[str, int] = field(default_factory=dict)  # numbers of tasks
    tag_tasks: Mapping[str, int] = field(default_factory=dict)
    family_notes: Mapping[str, str] = field(default_factory=dict)


class FilterRow(QWidget):
    """Search and filters. `changed` follows a change of either, shortly after the last key."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DELAY_MS)
        self._timer.timeout.connect(self._search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        row = FlowRow()
        column.addLayout(row)
        self.problem = label("", tone="bad", size="caption", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search words, or family:algebra wrong:yes")
        self.search.setToolTip(field_help())
        self.search.setAccessibleName("Search tasks")
        self.search.setClearButtonEnabled(True)
        self._glass = self.search.addAction(
            icon("search", desk.theme.colours, "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.textChanged.connect(self._timer.start)
        row.addWidget(self.search, 4)
        self.family = self._filter("Family", "Family")
        self.split = self._filter("Split", "Split")
        self.tag = self._filter("Tag", "Tag")
        self.strategy = self._filter("Strategy", "Strategy")
        self.answer = self._filter("Answer", "Reference answer")
        self.reviewed = self._filter("Review", "Review")
        self._all = (self.family, self.split, self.tag, self.strategy, self.answer, self.reviewed)
        for box in self._all:
            row.addWidget(box, 1)
        self._make_room()
        self.saved = SavedFilters(desk, "tasks", self.fields)
        self.saved.chosen.connect(self.apply)
        row.addWidget(self.saved)
        self._offer(self.split, [
            (SPLITS["train"], {"split": "train"}), (SPLITS["heldout"], {"split": "heldout"})
        ])  # fmt: skip
        self._offer(self.answer, [
            ("With answer", {"has_answer": True}), ("Without answer", {"has_answer": False})
        ])  # fmt: skip
        self._offer(self.reviewed, [
            ("Reviewed", {"reviewed": True}), ("Not reviewed", {"reviewed": False})
        ])  # fmt: skip
        self.reviewed.setToolTip("Reviewed: a record of the task was kept or dropped")
        self.strategy.setToolTip("The strategy set on the task itself")
        desk.theme.changed.connect(self._paint)
        self.offer(TaskChoices())
        self._mark()

    def value(self) -> TaskFilter:
        """Return the filter. A search that cannot be read is left out: `problem` says why."""
        return TaskFilter(**self.fields())

    def fields(self) -> dict[str, Any]:
        """Return the fields that the filter sets, by their names in TaskFilter."""
        found: dict[str, Any] = {}
        for box in self._all:
            found |= box.currentData() or {}
        text = self.search.text().strip()
        return {**found, "text": text} if text and not search_problem(text) else found

    def apply(self, given: dict[str, Any]) -> None:
        """Set the filter to these fields, as `fields` returned them; unknown ones are ignored."""
        known = TaskFilter.__dataclass_fields__
        self._reset({name: value for name, value in given.items() if name in known})

    @property
    def is_set(self) -> bool:
        """Whether the search or any filter is set."""
        return bool(self.search.text().strip()) or any(box.currentIndex() > 0 for box in self._all)

    def clear(self) -> None:
        """Show all tasks."""
        if self.is_set:
            self.set(TaskFilter())

    def set(self, wanted: TaskFilter) -> None:
        """Set the search and the family of `wanted`, and reset every other filter."""
        self._reset({
            name: value
            for name, value in (("family", wanted.family), ("text", wanted.text))
            if value is not None
        })  # fmt: skip

    def _reset(self, given: dict[str, Any]) -> None:
        """Set exactly these fields."""
        boxes = {
            "family": self.family,
            "split": self.split,
            "tag": self.tag,
            "strategy": self.strategy,
            "overrides": self.strategy,
            "has_answer": self.answer,
            "reviewed": self.reviewed,
        }
        for box in self._all:
            box.blockSignals(True)
            box.setCurrentIndex(0)
        for name, value in given.items():
            if name in boxes:
                _choose(boxes[name], str(value), {name: value})
        for box in self._all:
            box.blockSignals(False)
        self.search.setText(str(given.get("text") or ""))
        self._mark()
        self._timer.stop()
        self._search()

    def _search(self) -> None:
        """Say what is wrong with the search, or show what it finds."""
        problem = search_problem(self.search.text())
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if not problem:
            self.changed.emit()

    def offer(self, choices: TaskChoices) -> None:
        """Offer the names that the library has, without changing the selection."""
        self._offer(self.family, _named("family", choices.families, choices.family_tasks))
        for place in range(1, self.family.count()):
            note = choices.family_notes.get(self.family.itemData(place)["family"], "")
            self.family.setItemData(place, safe_tip(note), Qt.ItemDataRole.ToolTipRole)
        self._offer(self.tag, _named("tag", choices.tags, choices.tag_tasks))
        own: list[Choice] = [
            ("Set on the task", {"overrides": True}),
            (FAMILY_STRATEGY, {"overrides": False}),
        ]
        self._offer(self.strategy, [*own, *_named("strategy", choices.strategies)])

    def _filter(self, title: str, name: str) -> QComboBox:
        """Return a box whose first entry, its title, sets no filter."""
        box = QComboBox()
        box.addItem(title)
        box.setAccessibleName(name)
        box.setMaxVisibleItems(20)
        box.setMinimumContentsLength(2)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        box.view().setMinimumWidth(20 * GRID)
        box.currentIndexChanged.connect(self._mark)
        box.currentIndexChanged.connect(self._timer.start)
        return box

    def _offer(self, box: QComboBox, choices: Sequence[Choice]) -> None:
        choices = choices[:MAX_CHOICES]
        texts = [box.itemText(place) for place in range(1, box.count())]
        if texts == [text for text, _ in choices] or box.view().isVisible():
            return
        chosen, text = box.currentData(), box.currentText()
        box.blockSignals(True)
        while box.count() > 1:
            box.removeItem(1)
        for shown, fields in choices:
            box.addItem(shown, fields)
        if chosen:
            _choose(box, text, chosen)
        box.blockSignals(False)

    def _paint(self) -> None:
        self._glass.setIcon(icon("search", self.desk.theme.colours, "muted"))
        self._make_room()

    def _make_room(self) -> None:
        """Let the search and the titles of the filters be read, at every size of the text."""
        self.search.setMinimumWidth(grown(14 * GRID))
        for box in self._all:
            title = box.fontMetrics().horizontalAdvance(box.itemText(0))
            box.setMinimumWidth(max(grown(11 * GRID), title + grown(6 * GRID)))

    def _mark(self) -> None:
        """Show the filters that are set in bold."""
        for box in self._all:
            made = QFont(box.font())
            made.setWeight(QFont.Weight.DemiBold if box.currentIndex() > 0 else QFont.Weight.Normal)
            box.setFont(made)


def _named(field: str, names: Iterable[str], counts: Mapping[str, int] = {}) -> list[Choice]:
    return [(f"{name}  ·  {counts[name]:,}" if name in counts else name, {field: name}) for name in names]


def _choose(box: QComboBox, text: str, fields: dict[str, Any]) -> None:
    """Select the entry that sets `fields`, adding it if the library does not have it (any more, or yet)."""
    for place in range(1, box.count()):
        if box.itemData(place) == fields:
            box.setCurrentIndex(place)
            return
    box.addItem(text, fields)
    box.setCurrentIndex(box.count() - 1)
