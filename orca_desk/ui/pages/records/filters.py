"""The filters above the list of records, and the number of records that match."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QMenu, QToolButton, QWidget

from orca_desk.counting import counted
from orca_desk.library.records import RecordFilter
from orca_desk.library.review import RecordChoices, RecordOrder
from orca_desk.method.fitness import RECORD_REASONS, UNFIT, Unfit
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, room_for_icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.saved_filters import SavedFilters
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.words.finding import field_help, search_problem

VERDICTS: dict[str, dict[str, Any]] = {
    "correct": {"correct": True},
    "incorrect": {"correct": False},
    "ungraded": {"graded": False},
}

ORDERS: dict[RecordOrder, str] = {
    "arrival": "Oldest first",
    "newest": "Newest first",
    "question": "By question",
    "family": "By family",
    "strategy": "By strategy",
    "longest": "Longest answer first",
    "shortest": "Shortest answer first",
}
NAMED = frozenset({"family", "strategy", "run"})  # filters whose entries are names from the library


SETTLE_MS = 250  # typing is over


class RecordFilters(QWidget):
    """A text and seven filters, which a record must match all. `changed` follows each change by the user."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._offered: RecordChoices | None = None
        self.family = _choice("Family", "All families")
        self.strategy = _choice("Strategy", "All strategies")
        self.run = _choice("Run", "All runs")
        self.verdict = _choice(
            "Verdict",
            "Any verdict",
            correct="Correct",
            incorrect="Incorrect",
            ungraded="Not graded",
        )
        self.leaks = _choice(
            "Leaks",
            "Leaks: any",
            leaked="With leaks",
            clean="Without leaks",
        )
        self.leaks.setToolTip("Leak: the answer quotes or mentions its instruction")
        self.decision = _choice(
            "Decision",
            "Any decision",
            none="Not reviewed",
            keep="Kept",
            drop="Dropped",
        )
        self.standing = _choice(
            "In or out",
            "In or out",
            used="In: used for training",
            unused="Out: left out",
            **{reason.value: f"Out: {UNFIT[reason]}" for reason in RECORD_REASONS},
        )
        self.standing.setToolTip("Whether the rules in force use a record, and what speaks against it")
        self.order = _choice(
            "Order", ORDERS["arrival"], **{k: v for k, v in ORDERS.items() if k != "arrival"}
        )
        self.order.setToolTip(
            "The order of the list. By question, the answers to one question are neighbours."
        )
        self._parts = {
            "family": self.family,
            "strategy": self.strategy,
            "run": self.run,
            "verdict": self.verdict,
            "leaks": self.leaks,
            "decision": self.decision,
            "standing": self.standing,
        }
        self.text = SearchLine(
            desk.theme, "Find in question, answer or reason", "Find words, or wrong:yes tag:hard"
        )
        self.text.setToolTip(field_help())
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._changed)
        self.text.textChanged.connect(lambda _: self._settle.start())
        self.text.editingFinished.connect(self._search_now)
        self.problem = label("", tone="bad", size="caption", wrap=True)
        self.problem.hide()
        self.saved = SavedFilters(desk, "records", self.chosen)
        self.saved.chosen.connect(self._apply)
        self.count = ElidedLabel(tone="muted", size="caption")
        self.clear = QToolButton()
        self.clear.setText("Clear filters")
        room_for_icon(self.clear)
        self.clear.clicked.connect(self._clear)
        self.all = QToolButton()
        self.all.setText("All listed")
        self.all.setAccessibleName("All listed records")
        self.all.setToolTip("Keep or drop all records that match, with one undo")
        self.all.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.all.hide()
        policy = self.clear.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that the list below does not move
        self.clear.setSizePolicy(policy)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID // 2)
        top = QHBoxLayout()
        top.addWidget(self.text, 100)  # up to its full width; what is more stays at the right
        top.addWidget(self.all)
        top.addWidget(self.saved)
        top.addStretch(1)
        grid.addLayout(top, 0, 0, 1, 2)
        grid.addWidget(self.problem, 1, 0, 1, 2)
        for index, part in enumerate(self._parts.values()):
            grid.addWidget(part, 2 + index // 2, index % 2)
            part.currentIndexChanged.connect(self._changed)
        grid.addWidget(self.order, 5, 1)
        self.order.currentIndexChanged.connect(self._changed)
        grid.addWidget(self.count, 6, 0)
        grid.addWidget(self.clear, 6, 1, Qt.AlignmentFlag.AlignRight)
        desk.theme.changed.connect(self._paint)
        self._paint()
        self._show_clear()

    def value(self) -> RecordFilter:
        """Return the filter."""
        leaks = self.leaks.currentData()
        return RecordFilter(
            family=self.family.currentData(),
            strategy=self.strategy.currentData(),
            run=self.run.currentData(),
            leaked=None if leaks is None else leaks == "leaked",
            decision=self.decision.currentData(),
            text="" if search_problem(self.text.text()) else self.text.text().strip(),
            **_standing(self.standing.currentData()),
            **VERDICTS.get(self.verdict.currentData() or "", {}),
        )

    @property
    def wanted_order(self) -> RecordOrder:
        """The order of the list."""
        return self.order.currentData() or "arrival"

    def choose_order(self, order: object) -> None:
        """Set the order, if it is one, without emitting `changed`."""
        _select(self.order, order if isinstance(order, str) else None, add=False)

    def chosen(self) -> dict[str, str]:
        """Return what the filters are set to, as JSON can hold it."""
        chosen = {name: part.currentData() for name, part in self._parts.items() if part.currentData()}
        text = self.text.text().strip()
        return {**chosen, "text": text} if text else chosen

    def choose(self, chosen: Mapping[str, Any]) -> None:
        """Set the filters to what `chosen` returned, without emitting `changed`."""
        for name, part in self._parts.items():
            _select(part, chosen.get(name), add=name in NAMED)
        self.text.setText(str(chosen.get("text", "")))
        self._settle.stop()
        self._show_clear()

    def offer(self, choices: RecordChoices) -> None:
        """Offer the families, strategies and runs of the library, without changing what is selected."""
        if choices == self._offered:
            return
        self._offered = choices
        offers = (
            (self.family, choices.families),
            (self.strategy, choices.strategies),
            (self.run, choices.runs),
        )
        for part, counts in offers:
            chosen = part.currentData()
            part.blockSignals(True)
            while part.count() > 1:
                part.removeItem(1)
            for name, count in counts.items():
                part.addItem(f"{name}  ·  {count:,}", name)
                part.setItemData(part.count() - 1, counted(count, "record"), Qt.ItemDataRole.ToolTipRole)
            part.blockSignals(False)
            _select(part, chosen, add=True)

    def offer_all(self, actions: Sequence[QAction]) -> None:
        """Offer what can be done with all records that match."""
        menu = QMenu(self.all)
        menu.addActions(actions)
        self.all.setMenu(menu)

    def show_count(self, count: int) -> None:
        """Show how many records match."""
        self.count.show_text(counted(count, "record"))
        self.all.setVisible(self.all.menu() is not None)
        self.all.setEnabled(bool(count))

    def _search_now(self) -> None:
        """Search for what was typed before the keys of the list act on its records."""
        if self._settle.isActive():
            self._settle.stop()
            self._changed()

    def _changed(self) -> None:
        self._show_clear()
        if not self.problem.text():
            self.changed.emit()

    def _apply(self, chosen: dict[str, Any]) -> None:
        self.choose(chosen)
        self._changed()

    def _clear(self) -> None:
        self.choose({})
        self.changed.emit()

    def _show_clear(self) -> None:
        self.problem.setText(search_problem(self.text.text()))
        self.problem.setVisible(bool(self.problem.text()))
        self.clear.setVisible(bool(self.chosen()))

    def _paint(self) -> None:
        self.clear.setIcon(icon("funnel", self.desk.theme.colours, "muted"))
        self.all.setIcon(icon("list-checks", self.desk.theme.colours, "muted"))


def _standing(chosen: str | None) -> dict[str, Any]:
    """Return the fields of a RecordFilter for an entry of the filter "In or out"."""
    if chosen in (None, "used", "unused"):
        return {} if chosen is None else {"used": chosen == "used"}
    return {"reason": Unfit(chosen)}


def _choice(name: str, all_of_them: str, **choices: str) -> QComboBox:
    """Return a box whose first entry sets no filter."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setMinimumContentsLength(9)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.addItem(all_of_them, None)
    for key, text in choices.items():
        box.addItem(text, key)
    box.setToolTip(all_of_them)
    box.currentTextChanged.connect(lambda text: box.setToolTip(safe_tip(text)))  # a narrow list cuts it
    return box


def _select(box: QComboBox, wanted: str | None, *, add: bool) -> None:
    """Select an entry without emitting a signal; `add` adds it if the box does not offer it (yet)."""
    index = next((n for n in range(box.count()) if box.itemData(n) == wanted), -1)
    box.blockSignals(True)
    if add and index < 0 and isinstance(wanted, str):
        box.addItem(wanted, wanted)
        index = box.count() - 1
    box.setCurrentIndex(max(index, 0))
    box.blockSignals(False)
