"""What the user chooses a model from: the search, what it found, and the list of recommended models."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.machine import total_memory
from orca_desk.models.hub.listing import MOST_FOUND, HubModel, Kind, Order, Size
from orca_desk.steps.download.recommended import Recommended, for_this_machine
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.hub.results import FoundTable, RecommendedTable, hub_table
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.hub import KIND_TIPS, KINDS, ORDERS, SEARCH_ONLINE, SIZE_TIP, SIZES, memory_class

# px: of the columns after the first, and that a table needs to show some of them
RECOMMENDED_WIDTHS, RECOMMENDED_NEEDS = (74, 84, 76, 180), {4: 560, 3: 380}
FOUND_WIDTHS, FOUND_NEEDS = (96, 96, 130, 96), {4: 620, 3: 520, 1: 380}


class SearchRow(QWidget):
    """What to search for. `entered` fires on Enter, `wanted` on the button, `refined` on another choice."""

    entered = Signal()
    wanted = Signal()
    refined = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        row = FlowRow()
        self.setLayout(row)
        self.text = SearchLine(theme, "Search the hub", "Name of a model, or owner/model", asks=True)
        self.text.returnPressed.connect(self.entered)
        self._kind = _choice("Format of the models", list(KINDS.values()), list(KIND_TIPS.values()))
        self._order = _choice("Order of the results", list(ORDERS.values()))
        self._size = _choice("Number of parameters", list(SIZES.values()), [SIZE_TIP] * len(SIZES))
        self._size.setToolTip(SIZE_TIP)
        for choice in (self._kind, self._size, self._order):
            choice.activated.connect(lambda _: self.refined.emit())
        self.button = button("Search", self.wanted.emit)
        for part in (self.text, self._kind, self._size, self._order, self.button):
            row.addWidget(part, 1 if part is self.text else 0)
        row.addStretch(1)
        theme.changed.connect(self._paint)
        self._paint()

    @property
    def words(self) -> str:
        """What was typed."""
        return self.text.text().strip()

    @property
    def kind(self) -> Kind:
        """The format of the models."""
        return list(KINDS)[self._kind.currentIndex()]

    @property
    def parameters(self) -> Size:
        """The number of parameters of the models."""
        return list(SIZES)[self._size.currentIndex()]

    @property
    def order(self) -> Order:
        """The order of the results."""
        return list(ORDERS)[self._order.currentIndex()]

    def show_online(self, is_online: bool) -> None:
        """Say what the button does."""
        self.button.setText("Search" if is_online else SEARCH_ONLINE)

    def _paint(self) -> None:
        self.button.setIcon(icon("search", self._theme.colours))


class Finder(QWidget):
    """The recommended models, or what a search found. `picked` carries the chosen one."""

    picked = Signal(object)  # a Recommended or a HubModel

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        self.heading = label(bold=True)
        self.back = button("Show recommended", self.show_recommended)
        head.addWidget(self.heading, 1)
        head.addWidget(self.back)
        column.addLayout(head)
        self.recommended, self.found = RecommendedTable(theme), FoundTable(theme)
        self.recommended_table = hub_table(
            self.recommended, "Recommended models", RECOMMENDED_WIDTHS, RECOMMENDED_NEEDS
        )
        self.found_table = hub_table(self.found, "Models that were found", FOUND_WIDTHS, FOUND_NEEDS)
        for table in (self.recommended_table, self.found_table):
            table.selectionModel().selectionChanged.connect(self._selected)
        self.nothing = EmptyState(
            theme,
            image="search",
            title="Nothing found",
            text="No model on the hub has all of this in its name. Try fewer words, another format or size.",
        )
        self.stack = QStackedWidget()
        for part in (self.recommended_table, self.found_table, self.nothing):
            self.stack.addWidget(part)
        column.addWidget(self.stack, 1)
        theme.changed.connect(self.recommended.repaint)
        theme.changed.connect(self.found.repaint)

    @property
    def is_search_shown(self) -> bool:
        """Whether the result of a search is shown, even an empty one."""
        return self.stack.currentWidget() is not self.recommended_table

    @property
    def chosen(self) -> Recommended | HubModel | None:
        """The chosen model."""
        table = self.found_table if self.is_search_shown else self.recommended_table
        rows: Sequence[Recommended | HubModel] = (
            self.found.rows if self.is_search_shown else self.recommended.rows
        )
        selected = table.selectionModel().selectedRows()
        return rows[selected[0].row()] if selected else None

    def show_recommended(self) -> None:
        """Show the bundled list."""
        self.stack.setCurrentWidget(self.recommended_table)
        self.heading.setText(f"Recommended for {memory_class(total_memory())} of memory")
        self.back.hide()
        if self.recommended.rows:
            self.pick_again()
        else:
            self.recommended.show(for_this_machine())
            self.recommended_table.selectRow(0)

    def show_searching(self) -> None:
        """Show that the hub was asked."""
        self.heading.setText("Searching…")

    def show_found(self, words: str, found: list[HubModel]) -> None:
        """Show what a search for `words` found."""
        first = "The first " if len(found) == MOST_FOUND else ""
        of = f" for “{words}”" if words else ""
        self.heading.setText(f"{first}{counted(len(found), 'model')}{of}")
        self.back.show()
        self.stack.setCurrentWidget(self.found_table if found else self.nothing)
        self.found.show(found)
        if found:
            self.found_table.clearSelection()  # the same row again shows the same model again
            self.found_table.selectRow(0)

    def show_failed(self) -> None:
        """Show that a search found out nothing; what was there before stays."""
        if self.is_search_shown:
            self.heading.setText(counted(len(self.found.rows), "model"))
        else:
            self.heading.setText(f"Recommended for {memory_class(total_memory())} of memory")

    def pick_again(self) -> None:
        """Announce the chosen model again, for instance once its files can be read."""
        if (model := self.chosen) is not None:
            self.picked.emit(model)

    def _selected(self, chosen: QItemSelection, before: QItemSelection) -> None:
        table: QTableView = self.found_table if self.is_search_shown else self.recommended_table
        if self.sender() is table.selectionModel():
            self.pick_again()


def _choice(name: str, texts: Sequence[str], tips: Sequence[str] = ()) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.addItems(list(texts))
    for place, tip in enumerate(tips):
        made.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
    return made
