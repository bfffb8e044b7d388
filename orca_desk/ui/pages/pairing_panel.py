"""Which family gets which strategy: the matrix of what was measured, choice by hand, and measuring."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QSpinBox, QSplitter, QTableView, QVBoxLayout, QWidget

from orca_desk.jobs.asking import Runner
from orca_desk.jobs.probe import Probed, probe
from orca_desk.jobs.teaching import Arrival
from orca_desk.library.database import Library
from orca_desk.library.pairings import (
    StoredPairing,
    current_pairings,
    latest_evidence,
    pairing_history,
    set_pairings,
    withdraw_pairing,
)
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import families as list_families
from orca_desk.method.pairing import Pairing
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.model_list import ModelPicker
from orca_desk.ui.pages.choice_button import ChoiceButton
from orca_desk.ui.pages.pairing_matrix import MatrixContent, PairingMatrixModel
from orca_desk.ui.pages.rows_model import Column, RowsModel
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, card, label
from orca_desk.ui.widgets.when import when

START = "desktop.start.probe"
REPAINT_MS = 300  # between two paintings of what is being counted


@dataclass(frozen=True, kw_only=True)
class ProbeStart:
    """What a measurement was started with, kept so that it can be taken up again."""

    model: str
    families: list[str] | None
    strategies: list[str] | None
    per_family: int


class PairingPanel(QWidget):
    """The second half of the Strategies page."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self._wanted_family: str | None = None
        self.job: Job | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        layout.addLayout(self._measure_row())
        self.job_panel = JobPanel(desk)
        self.job_panel.over.connect(self._ended)
        layout.addWidget(self.job_panel)
        self.empty = EmptyState(
            desk.theme,
            image="route",
            title=self.tr("No family to pair yet"),
            text=self.tr(
                "Families come with tasks. Once there are some, each gets the strategy that serves it best."
            ),
            action=self.tr("Import tasks…"),
            run=lambda: desk.open("tasks", do="import"),
        )
        layout.addWidget(self.empty, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self._matrix())
        self.splitter.addWidget(self._details())
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID + GRID // 2)
        self.splitter.setSizes([46 * GRID, 21 * GRID])
        layout.addWidget(self.splitter, 1)
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(REPAINT_MS)
        self._repaint.timeout.connect(self.model.repaint_counts)

    def read(self) -> None:
        """Show what the library says now."""
        library = self.desk.library
        self.desk.background.run(self, lambda: _content(library), self._show, only_newest="matrix")

    def show_family(self, family: str) -> None:
        """Go to a family's row, as soon as it is there."""
        self._wanted_family = family
        self._go_to_wanted()

    def measure(self) -> None:
        """Start to measure what is chosen."""
        model = self.picker.model()
        families, strategies = self.families.chosen_or_all(), self.strategies.chosen_or_all()
        if model is None:
            self.notice.show_message(
                self.tr("There is no teacher to measure with."),
                self.tr("Add a GGUF model on the Models page."),
                kind="warn",
                action=self.tr("Open Models"),
                run=lambda: self.desk.open("models"),
            )
        elif families == [] or strategies == []:
            self.notice.show_message(
                self.tr("Nothing is chosen to be measured."),
                self.tr("Tick at least one family and one strategy."),
                kind="warn",
            )
        else:
            self.start(
                ProbeStart(
                    model=str(model.path),
                    families=families,
                    strategies=strategies,
                    per_family=self.per_family.value(),
                )
            )

    def start(self, start: ProbeStart) -> None:
        """Measure; the same start again goes on where an earlier one stopped."""
        if self.job is not None and not self.job.is_over:
            return
        self.notice.hide()
        set_setting(self.desk.library, START, asdict(start))
        self.job = self.desk.jobs.start(
            self.tr("Measure strategies"),
            "probe",
            _work(self.desk.library, start),
            changes={"records", "pairings"},
        )
        self.job.event.connect(self._receive)
        self.job_panel.follow(self.job)
        self.button.setEnabled(False)

    def resume(self) -> None:
        """Start again what was started last."""
        if start := self._last_start():
            self.start(start)

    def stop(self) -> None:
        """Stop measuring; what was answered is kept."""
        if self.job is not None:
            self.job.stop()

    def pair(self, index: QModelIndex) -> None:
        """Pair the family of a cell with its strategy, by the user's choice."""
        strategy = self.model.strategy(index) if index.isValid() else None
        if strategy is None:
            return
        family, library = self.model.family(index), self.desk.library
        before = self.model.content.pairings.get(family)
        if before is not None and before.strategy == strategy.name:
            return
        chosen = Pairing(family=family, strategy=strategy.name, evidence=(), reason="Chosen by hand.")
        text = self.tr("pair {} with {}").format(family, strategy.title)
        self.desk.do(
            text,
            lambda: set_pairings(library, [chosen], source="chosen"),
            lambda: withdraw_pairing(library, chosen),
            "pairings",
        )
        self.desk.say(
            self.tr("{} is paired with {} now. Ctrl+Z takes it back.").format(family, strategy.title), "good"
        )

    def _measure_row(self) -> QHBoxLayout:
        self.picker = ModelPicker(self.desk, "gguf", prefer="mini-teacher")
        self.picker.setAccessibleName(self.tr("Teacher to measure with"))
        self.picker.setMinimumContentsLength(18)
        self.families = ChoiceButton(self.tr("families"))
        self.strategies = ChoiceButton(self.tr("strategies"))
        self.per_family = QSpinBox()
        self.per_family.setRange(1, 10_000)
        self.per_family.setSuffix(self.tr(" tasks each"))
        self.per_family.setAccessibleName(self.tr("Tasks of each family"))
        self.per_family.setToolTip(
            self.tr(
                "Training tasks of each family that every strategy is tried on; more of them tell better."
            )
        )
        last = self._last_start()
        self.per_family.setValue(last.per_family if last else 20)
        if last:
            self.picker.choose(Path(last.model))
        self.answers = label(tone="muted")
        self.button = button(self.tr("Measure"), self.measure, primary=True)
        self.button.setToolTip(
            self.tr("The teacher answers the same tasks under every strategy; each family gets the best one")
        )
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self.picker, self.families, self.strategies, self.per_family, self.answers):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.button)
        for changed in (self.families.changed, self.strategies.changed, self.per_family.valueChanged):
            changed.connect(self._count_answers)
        return row

    def _matrix(self) -> QWidget:
        self.model = PairingMatrixModel(self.desk.theme)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName(self.tr("Families by strategies: share of right answers"))
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.setCornerButtonEnabled(False)
        self.view.setShowGrid(False)
        across = self.view.horizontalHeader()
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.AlignmentFlag(Qt.TextFlag.TextWordWrap))
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setMinimumSectionSize(9 * GRID)
        across.setFixedHeight(8 * GRID)
        down = self.view.verticalHeader()
        down.setDefaultSectionSize(4 * GRID + 4)
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        down.setFixedWidth(14 * GRID)
        self.view.clicked.connect(self.pair)
        self.view.activated.connect(self.pair)
        self.view.selectionModel().currentChanged.connect(self._show_family)
        return self.view

    def _details(self) -> QWidget:
        frame, layout = card()
        self.heading = label(bold=True, wrap=True)
        self.reason = label(tone="muted", wrap=True, selectable=True)
        layout.addWidget(self.heading)
        layout.addWidget(self.reason)
        self.history = RowsModel(
            [
                Column(title=self.tr("When")),
                Column(title=self.tr("Strategy")),
                Column(title=self.tr("How")),
                Column(title=self.tr("Why")),
            ]
        )
        self.history_view = QTableView()
        self.history_view.setModel(self.history)
        self.history_view.setAccessibleName(self.tr("Pairings that the family had, the newest first"))
        self.history_view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.history_view.setShowGrid(False)
        self.history_view.verticalHeader().hide()
        header = self.history_view.horizontalHeader()
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate((17 * GRID, 24 * GRID, 11 * GRID)):
            header.resizeSection(column, width)
        self.history_view.setMinimumHeight(8 * GRID)
        layout.addWidget(self.history_view, 1)
        return frame

    def _show(self, content: MatrixContent) -> None:
        self.model.show(content)
        self.empty.setVisible(not content.families)
        self.splitter.setVisible(bool(content.families))
        self.button.setEnabled(bool(content.families) and (self.job is None or self.job.is_over))
        self.families.set_choices([(name, name) for name in content.families])
        self.strategies.set_choices([(one.name, one.title) for one in content.strategies])
        self._count_answers()
        self._go_to_wanted()
        if content.families and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self._cell(content.families[0]))
        else:
            self._show_family(self.view.currentIndex())

    def _cell(self, family: str) -> QModelIndex:
        """Return the cell of the strategy that a family is paired with, or the first one."""
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

    def _show_family(self, index: QModelIndex, before: QModelIndex | None = None) -> None:
        if not index.isValid():
            return
        library, family = self.desk.library, self.model.family(index)
        self.desk.background.run(
            self,
            lambda: pairing_history(library, family),
            lambda history: self._show_history(family, history),
            only_newest="history",
        )

    def _show_history(self, family: str, history: Sequence[StoredPairing]) -> None:
        titles = {one.name: one.title for one in self.model.content.strategies}
        if not history:
            self.heading.setText(self.tr("{}: not paired yet").format(family))
            self.reason.setText(
                self.tr("Measure the strategies, or click the one that the family shall be answered with.")
            )
        else:
            now = history[0]
            name = titles.get(now.strategy, now.strategy)
            self.heading.setText(self.tr("{}: {}").format(family, name))
            self.reason.setText(self._why(now))
        how = {"measured": self.tr("measured"), "chosen": self.tr("by hand")}
        self.history.show(
            [
                (
                    when(one.created_at),
                    titles.get(one.strategy, one.strategy),
                    how[one.source],
                    sentence(one.pairing.reason),
                )
                for one in history
            ]
        )

    def _why(self, pairing: StoredPairing) -> str:
        if pairing.source == "chosen":
            return self.tr("You chose it, {}.").format(when(pairing.created_at))
        return self.tr("Measured {}: {}").format(when(pairing.created_at), sentence(pairing.pairing.reason))

    def _count_answers(self) -> None:
        count = len(self.families.chosen()) * len(self.strategies.chosen()) * self.per_family.value()
        self.answers.setText(self.tr("up to {:,} answers").format(count))

    def _receive(self, arrival: Arrival) -> None:
        graded = (new for new in arrival.records if new.verdict)
        self.model.count(
            [
                (new.record.family, new.record.strategy, bool(new.verdict and new.verdict.correct))
                for new in graded
            ]
        )
        if not self._repaint.isActive():
            self._repaint.start()

    def _ended(self, job: Job) -> None:
        self._repaint.stop()
        self.model.forget_counts()
        self.button.setEnabled(True)
        self.read()
        if job.error is not None:
            self.notice.show_error(job.error)
            return
        result: Probed | None = job.result
        if result is not None and result.taught.finished:
            self.notice.show_message(
                self.tr("{} families are paired by what was measured.").format(len(result.pairings)),
                result.taught.sentence,
                kind="good",
            )
        elif result is not None:
            self.notice.show_message(
                self.tr("Stopped: the pairings are as they were."),
                self.tr("Every answer so far is kept. Measure again to go on from there."),
                kind="info",
            )

    def _last_start(self) -> ProbeStart | None:
        stored = get_setting(self.desk.library, START)
        return ProbeStart(**stored) if stored else None


def sentence(text: str) -> str:
    """Return a reason as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _content(library: Library) -> MatrixContent:
    strategies = current_strategies(library)
    evidence, pairings = latest_evidence(library), current_pairings(library)
    return MatrixContent(
        families=tuple(one.family for one in list_families(library)),
        strategies=tuple(strategies.values()),
        evidence=evidence,
        pairings=pairings,
    )


def _work(library: Library, start: ProbeStart) -> Callable[[Tools], Any]:
    def work(tools: Tools) -> Probed:
        return probe(
            library,
            Runner(model=Path(start.model)),
            families=start.families,
            strategies=start.strategies,
            per_family=start.per_family,
            progress=tools.progress,
            control=tools.control,
            on_arrival=tools.tell,
        )

    return work
