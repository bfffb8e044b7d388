"""Pair families with strategies: measure, see the matrix, choose by hand."""

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QSplitter,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.method.evidence import Basis
from orca_desk.steps.pair.choice import choose_strategy, undo_choice
from orca_desk.steps.pair.family_result import FamilyResult, family_result
from orca_desk.steps.pair.matrix import PairingMatrix, pairing_matrix
from orca_desk.steps.pair.standing import ProbeStanding
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.strategies.family_result import FamilyResultView
from orca_desk.ui.pages.strategies.pairing_history import PairingHistory
from orca_desk.ui.pages.strategies.pairing_matrix import PairingMatrixModel
from orca_desk.ui.pages.strategies.pairing_measure import MeasureBar
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.copy_table import offer_copies
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.two_lines import HEIGHT, TwoLines
from orca_desk.ui.widgets.wrapped_header import WrappedHeader
from orca_desk.ui.words.pairing import ABOUT_BASES, BASES

REPAINT_MS = 300  # between two updates of the counts


class PairingPanel(QWidget):
    """The second tab of the Strategies page."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk = desk
        self._wanted_family: str | None = None
        self._basis: Basis | None = None  # the one that is shown; None: the first that has evidence
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        self.measure = MeasureBar(desk, notice)
        self.measure.arrived.connect(self._receive)
        self.measure.began.connect(self._began)
        self.measure.over.connect(self._ended)
        layout.addWidget(self.measure)
        self.empty = EmptyState(
            desk.theme,
            image="route",
            title="No family to pair yet",
            text="Import tasks first: each family of tasks is paired with the strategy that serves it best.",
            action="Import tasks…",
            run=self._import,
        )
        layout.addWidget(self.empty, 1)
        self.result = FamilyResultView(desk.theme)
        menu = PlotMenu(desk, self.result.plot, None, name="strategies", table=self.result.plot.table)
        self.result.add_below_plot(menu.make_button())
        self.result.more_wanted.connect(self.measure.measure_more)
        self.history = PairingHistory()
        self.details = QTabWidget()
        self.details.addTab(self.result, "Result")
        self.details.addTab(self.history, "Earlier pairings")
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self._matrix())
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID + GRID // 2)
        self.splitter.setSizes([34 * GRID, 28 * GRID])
        layout.addWidget(self.splitter, 1)
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(REPAINT_MS)
        self._repaint.timeout.connect(self.model.repaint_running)

    def read(self) -> None:
        """Read the matrix from the library."""
        library, basis = self.desk.library, self._basis
        self.desk.background.run(
            self, lambda: pairing_matrix(library, basis), self._show, only_newest="matrix"
        )

    def show_family(self, family: str) -> None:
        """Go to a family's row once it is loaded."""
        self._wanted_family = family
        self._go_to_wanted()

    def pair(self) -> None:
        """Pair the family of the selected cell with its strategy, by the user's choice."""
        index = self.view.currentIndex()
        strategy = self.model.strategy(index) if index.isValid() else None
        if strategy is None:
            return
        family, library = self.model.family(index), self.desk.library
        before = self.model.content.pairings.get(family)
        if before is not None and before.strategy == strategy.name:
            return
        self.desk.do(
            f"pair {family} with {strategy.title}",
            lambda: choose_strategy(library, family, strategy.name),
            lambda choice: undo_choice(library, choice),
            "pairings",
            then=lambda _: self._say_paired(family, strategy.title),
        )

    def _say_paired(self, family: str, title: str) -> None:
        self.desk.say(f"Paired {family} with {title}. Press Ctrl+Z to undo.", "good")

    def _matrix(self) -> QWidget:
        self.model = PairingMatrixModel(self.desk.theme)
        self.view = QTableView()
        self.view.setModel(self.model)
        offer_copies(self.view)
        self.delegate = TwoLines(self.desk.theme, tight=True)
        self.view.setItemDelegate(self.delegate)
        self.view.setAccessibleName("Families by strategies: share of correct answers")
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.setTabKeyNavigation(False)
        self.view.setCornerButtonEnabled(False)
        self.view.setShowGrid(False)
        across = WrappedHeader()
        across.setMinimumSectionSize(11 * GRID)
        self.view.setHorizontalHeader(across)
        down = self.view.verticalHeader()
        down.setDefaultSectionSize(grown(HEIGHT))
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        down.setFixedWidth(grown(14 * GRID))
        self.view.selectionModel().currentChanged.connect(self._show_cell)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(QKeySequence(key), self.view, self.pair, context=Qt.ShortcutContext.WidgetShortcut)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.view, 1)
        column.addLayout(self._cell_actions())
        return whole

    def _cell_actions(self) -> FlowRow:
        """What the selected cell says, and what can be done with it: a click alone changes nothing."""
        self.about = label(wrap=True)
        self.read_answers = button("Read the answers", self._read_answers)
        self.read_answers.setToolTip("The teacher's answers to this family under this strategy")
        self.use = button("Pair", self.pair)
        self.use.setToolTip("Use this strategy for this family (Enter)")
        self.basis = QComboBox()
        self.basis.setAccessibleName("What the table shows was measured by")
        self.basis.activated.connect(self._choose_basis)
        self.basis.hide()
        row = FlowRow()
        row.addWidget(self.basis)
        row.addWidget(self.about, 1)
        row.addWidget(self.read_answers)
        row.addWidget(self.use)
        return row

    def _show(self, content: PairingMatrix) -> None:
        self.model.show(content)
        self._offer_bases(content)
        self.empty.setVisible(not content.families)
        self.splitter.setVisible(bool(content.families))
        self.measure.show_matrix(content)
        self._go_to_wanted()
        if content.families and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self._cell(content.families[0]))
        else:
            self._show_cell(self.view.currentIndex())

    def _offer_bases(self, content: PairingMatrix) -> None:
        """Offer the bases with evidence, where there is another than the usual one: one table, one basis."""
        offered = [one for one in Basis if one in content.bases or one == content.basis]
        if [self.basis.itemData(place) for place in range(self.basis.count())] != offered:
            self.basis.clear()
            for one in offered:
                self.basis.addItem(f"Measured {BASES[one]}", one)
        self.basis.setCurrentIndex(offered.index(content.basis))
        self.basis.setToolTip(ABOUT_BASES[content.basis])
        self.basis.setVisible(offered != [Basis.REFERENCE])

    def _choose_basis(self) -> None:
        self._basis = self.basis.currentData()
        self.read()

    def _cell(self, family: str) -> QModelIndex:
        """Return the cell of a family's strategy, or the first cell of its row."""
        content = self.model.content
        pairing = content.pairings.get(family)
        names = [one.name for one in content.strategies]
        column = names.index(pairing.strategy) if pairing and pairing.strategy in names else 0
        return self.model.index(content.families.index(family), column)

    def _go_to_wanted(self) -> None:
        if self._wanted_family in self.model.content.families:
            self.view.setCurrentIndex(self._cell(self._wanted_family))
            self.view.scrollTo(self.view.currentIndex())
            self.view.setFocus()
            self._wanted_family = None

    def _show_cell(self, index: QModelIndex, before: QModelIndex | None = None) -> None:
        """Show what a cell says, and the pairings of its family."""
        strategy = self.model.strategy(index) if index.isValid() else None
        for made in (self.use, self.read_answers):
            made.setVisible(strategy is not None)
        if not index.isValid():
            self.about.setText("")
            return
        if strategy is None:
            self.about.setText("")
        else:
            self.about.setText(self.model.sentence(self.model.family(index), strategy.name))
            pairing = self.model.content.pairings.get(self.model.family(index))
            self.use.setText(f"Pair with {strategy.title}")
            self.use.setEnabled(pairing is None or pairing.strategy != strategy.name)
        self._show_family(index)

    def _read_answers(self) -> None:
        index = self.view.currentIndex()
        strategy = self.model.strategy(index) if index.isValid() else None
        if strategy is not None:
            self.desk.open("records", family=self.model.family(index), strategy=strategy.name)

    def _show_family(self, index: QModelIndex) -> None:
        library, family, basis = self.desk.library, self.model.family(index), self.model.content.basis
        self.desk.background.run(
            self,
            lambda: family_result(library, family, basis),
            self._show_result,
            only_newest="result",
        )

    def _show_result(self, result: FamilyResult) -> None:
        content = self.model.content
        titles = {one.name: one.title for one in content.strategies}
        self.result.show_result(result, titles, content.task_count(result.family, result.basis))
        self.history.show_history(result.history, titles)

    def _receive(self, standing: object) -> None:
        if isinstance(standing, ProbeStanding):
            self.model.show_standing(standing.cells)
            if not self._repaint.isActive():
                self._repaint.start()

    def _began(self, basis: Basis) -> None:
        """Show the table of the basis that is being measured."""
        if basis != self.model.content.basis:
            self._basis = basis
            self.read()

    def _ended(self) -> None:
        self._repaint.stop()
        self.model.clear_running()
        self.read()

    def _import(self) -> None:
        self.desk.open("tasks", do="import")
