"""The families in a list of their own, at the left of the tasks where the screen is very wide."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import QComboBox, QListView, QStyledItemDelegate, QStyleOptionViewItem

from orca_desk.ui.theme import GRID

ROOM = 180 * GRID  # px; the page's width from which there is room for it
WIDTH = 30 * GRID  # px


class FamilyList(QListView):
    """Shows the entries of the filter for families, and selects what is selected there, and the reverse."""

    def __init__(self, box: QComboBox) -> None:
        super().__init__()
        self._box = box
        self.setModel(box.model())
        self.setItemDelegate(_FirstIsAll(self))
        self.setAccessibleName("Families of the tasks")
        self.setUniformItemSizes(True)
        self.setFixedWidth(WIDTH)
        self.setSpacing(2)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.follow()
        box.currentIndexChanged.connect(self.follow)
        self.selectionModel().currentChanged.connect(self._choose)

    def follow(self, *_: object) -> None:
        """Select what the filter is set to."""
        index = self.model().index(max(0, self._box.currentIndex()), 0)
        if index != self.currentIndex():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and not self._box.signalsBlocked():  # the entries are not being replaced
            self._box.setCurrentIndex(index.row())


class _FirstIsAll(QStyledItemDelegate):
    """Says what the first entry means: in the filter its text is the filter's title. Elides long names."""

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return hardly any width: the list gives every entry its own."""
        return QSize(GRID, super().sizeHint(option, index).height())

    def initStyleOption(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Name the first entry."""
        super().initStyleOption(option, index)
        if index.row() == 0:
            option.text = "All families"
