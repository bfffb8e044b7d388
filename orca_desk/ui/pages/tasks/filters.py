"""The row above the table that says which tasks are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from orca_desk.library.tasks import TaskFilter
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID

WAIT_MS = 120  # after a key, before the library is searched
MOST_CHOICES = 1000  # families or tags in a list; others are found by the search
Choice = tuple[str, dict[str, Any]]  # what is shown, and the fields of TaskFilter that it sets


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The names that the filters offer."""

    families: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()


class FilterRow(QWidget):
    """Search and filters. `changed` comes when they ask for something else, shortly after the last key."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search questions, contexts and answers")
        self.search.setAccessibleName("Search tasks")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(14 * GRID)
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
        self._offer(self.split, [
            ("Train", {"split": "train"}), ("Held out", {"split": "heldout"})
        ])  # fmt: skip
        self._offer(self.answer, [
            ("With answer", {"has_answer": True}), ("Without", {"has_answer": False})
        ])  # fmt: skip
        self._offer(self.reviewed, [
            ("Reviewed", {"reviewed": True}), ("Not yet", {"reviewed": False})
        ])  # fmt: skip
        self.reviewed.setToolTip("Reviewed: a record of the task was kept or dropped")
        self.strategy.setToolTip("The strategy that was chosen for the task alone")
        desk.theme.changed.connect(self._paint)
        self.offer(Choices())
        self._mark()

    def value(self) -> TaskFilter:
        """Return what is asked for."""
        fields: dict[str, Any] = {}
        for box in self._all:
            fields |= box.currentData() or {}
        return TaskFilter(text=self.search.text().strip() or None, **fields)

    @property
    def is_set(self) -> bool:
        """Whether anything is left out."""
        return bool(self.search.text().strip()) or any(box.currentIndex() > 0 for box in self._all)

    def clear(self) -> None:
        """Ask for all tasks."""
        if self.is_set:
            self.set(TaskFilter())

    def set(self, wanted: TaskFilter) -> None:
        """Ask for a family and nothing else, or for all tasks."""
        for box in self._all:
            box.blockSignals(True)
            box.setCurrentIndex(0)
        if wanted.family is not None:
            _choose(self.family, wanted.family, {"family": wanted.family})
        for box in self._all:
            box.blockSignals(False)
        self.search.setText(wanted.text or "")
        self._mark()
        self._timer.stop()
        self.changed.emit()

    def offer(self, choices: Choices) -> None:
        """Offer the names that the library has; what is chosen stays chosen."""
        self._offer(self.family, _named("family", choices.families))
        self._offer(self.tag, _named("tag", choices.tags))
        own: list[Choice] = [
            ("Chosen for the task", {"overrides": True}),
            ("By the pairing", {"overrides": False}),
        ]
        self._offer(self.strategy, [*own, *_named("strategy", choices.strategies)])

    def _filter(self, title: str, name: str) -> QComboBox:
        """While it asks for nothing, the box shows its title."""
        box = QComboBox()
        box.addItem(title)
        box.setAccessibleName(name)
        box.setMaxVisibleItems(20)
        box.setMinimumContentsLength(2)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumWidth(max(11 * GRID, box.fontMetrics().horizontalAdvance(title) + 6 * GRID))
        box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        box.view().setMinimumWidth(20 * GRID)
        box.currentIndexChanged.connect(self._mark)
        box.currentIndexChanged.connect(self._timer.start)
        return box

    def _offer(self, box: QComboBox, choices: Sequence[Choice]) -> None:
        choices = choices[:MOST_CHOICES]
        texts = [box.itemText(place) for place in range(1, box.count())]
        if texts == [text for text, _ in choices]:
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

    def _mark(self) -> None:
        """A filter that is set stands out in bold."""
        for box in self._all:
            made = QFont(box.font())
            made.setWeight(QFont.Weight.DemiBold if box.currentIndex() > 0 else QFont.Weight.Normal)
            box.setFont(made)


def _named(field: str, names: Iterable[str]) -> list[Choice]:
    return [(name, {field: name}) for name in names]


def _choose(box: QComboBox, text: str, fields: dict[str, Any]) -> None:
    """Choose what sets `fields`, even where the library has it no more, or not yet."""
    for place in range(1, box.count()):
        if box.itemData(place) == fields:
            box.setCurrentIndex(place)
            return
    box.addItem(text, fields)
    box.setCurrentIndex(box.count() - 1)
