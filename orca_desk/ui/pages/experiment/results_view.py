"""What an experiment has found, while it runs and after: the live table, the plots, the conclusion."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import cannot_write
from orca_desk.files import atomic_write
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.runs import Run
from orca_desk.method.arms import Arm
from orca_desk.steps.experiment.plan import FOUR, MessageKind
from orca_desk.steps.experiment.plots import contrast_plot, share_plot
from orca_desk.steps.experiment.report import CONTRASTS_NOTE, html_report, markdown_report, report_facts
from orca_desk.steps.experiment.results import ExperimentResults, results
from orca_desk.steps.experiment.wording import ARM_NAMES, MESSAGE_NAMES, conclusion, notes
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.experiment.interval_plot import IntervalPlotView
from orca_desk.ui.pages.experiment.lost_card import LostCard
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.plot_menu import PlotMenu
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.text import button, card, label, safe_tip
from orca_desk.ui.widgets.tidying import Tidying
from orca_desk.ui.widgets.whole_table import fit_whole_table, whole_table
from orca_desk.ui.words.experiments import seeds_done, share_text
from orca_desk.ui.words.progress import duration
from orca_desk.ui.words.roles import COLOURS
from orca_desk.ui.words.runs import STATUSES
from orca_desk.ui.words.tidying import run_title

NARROWEST = 40 * GRID  # px, of a paragraph
TWO_ABREAST = 1100  # px, from which two plots stand side by side


class ExperimentResultsView(QWidget):
    """Shows one experiment of those that the library has, and saves its report."""

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self.desk, self.notice = desk, notice
        self.found: ExperimentResults | None = None
        self.choice = QComboBox()
        self.choice.setAccessibleName("Experiment")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(20)
        self.choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.choice.setMaximumWidth(45 * GRID)
        self.choice.currentTextChanged.connect(lambda text: self.choice.setToolTip(safe_tip(text)))
        self.choice.activated.connect(self.read)
        self.save = button("Save the report…", self.save_report, tip="One HTML file, or Markdown")
        self.copy = button("Copy", self._copy, tip="Copy the conclusion to the clipboard")
        self.resume = button("Resume", self._resume, tip="Resume where it stopped")
        self.tidying = Tidying(desk, self.choice, Kind.EXPERIMENT, self._chosen_ids)
        self.more = self.tidying.more_button()
        for one in (self.save, self.copy, self.resume):
            one.hide()  # until there is something to save, to copy or to resume
        self.table = _ResultRows(FOUR)
        self.table_view = whole_table(self.table, "Correct answers by arm and system message")
        self.progress = label(tone="muted")
        self.progress.setMinimumWidth(1)
        self.conclusion = label(wrap=True, selectable=True)
        self.notes = label(tone="muted", size="caption", wrap=True, selectable=True)
        for text in (self.conclusion, self.notes):
            text.setMinimumWidth(NARROWEST)  # its height is reckoned for this width at the least
        self.differences = IntervalPlotView(desk.theme)
        self.differences_note = label(CONTRASTS_NOTE, tone="muted", size="caption", wrap=True)
        self.panels = {message: IntervalPlotView(desk.theme) for message in MessageKind}
        plots = (self.differences, *self.panels.values())
        self._menus = [PlotMenu(desk, plot, notice, name="experiment", table=plot.table) for plot in plots]
        self.lost = LostCard(desk.theme)
        self._lay_out()

    def _chosen_ids(self) -> list[str]:
        chosen: Run | None = self.choice.currentData()
        return [] if chosen is None else [chosen.id]

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Offer the experiments, the newest first, and read the chosen one again."""
        before = self.choice.currentData()
        self.choice.clear()
        for run in runs:
            began = run.created_at[:16].replace("T", " ")
            self.choice.addItem(f"{run_title(run)}  ·  {STATUSES[run.status].word}  ·  {began}", run)
        places = [place for place, run in enumerate(runs) if before is not None and run.id == before.id]
        self.choice.setCurrentIndex(places[0] if places else 0)
        self.read()

    def choose(self, run_id: str) -> None:
        """Show an experiment of the list."""
        for place in range(self.choice.count()):
            if self.choice.itemData(place).id == run_id:
                self.choice.setCurrentIndex(place)
                self.read()

    def read(self) -> None:
        """Read what the chosen experiment has found so far."""
        chosen: Run | None = self.choice.currentData()
        if chosen is not None:
            library, run = self.desk.library, chosen.id
            self.desk.background.run(
                self,
                lambda: results(library, run),
                self._show,
                failed=self.notice.show_error,
                only_newest="results",
            )

    def save_report(self) -> None:
        """Ask for a file and write the report, by its ending."""
        found = self.found
        if found is None:
            return
        ask_for_file(
            self,
            self.desk,
            title="Save the report",
            name=f"{found.run}.html",
            kinds="One HTML file (*.html);;Markdown (*.md)",
            then=partial(self._write, found),
        )

    def _lay_out(self) -> None:
        head = FlowRow()
        head.addWidget(self.choice, 2)
        head.addWidget(self.more)
        head.addWidget(self.progress, 1)
        head.addWidget(self.resume)
        head.addWidget(self.save)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, GRID)
        column.setSpacing(2 * GRID)
        frame, layout = card()
        row = QHBoxLayout()
        row.addWidget(label("What the data supports", size="heading", bold=True), 1)
        row.addWidget(self.copy)
        layout.addLayout(row)
        layout.addWidget(self.conclusion)
        layout.addWidget(self.notes)
        column.addWidget(frame)
        column.addWidget(self.table_view)
        frame, layout = card()
        difference_button, *self._panel_buttons = [menu.make_button() for menu in self._menus]
        row = QHBoxLayout()
        row.addWidget(label("What differs", size="heading", bold=True), 1)
        row.addWidget(difference_button)
        layout.addLayout(row)
        layout.addWidget(self.differences_note)
        layout.addWidget(self.differences)
        self.difference_card = frame
        column.addWidget(frame)
        frame, layout = card()
        layout.addWidget(label("Correct answers, by system message", size="heading", bold=True))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(4 * GRID)
        self._grid.setVerticalSpacing(GRID)
        self._grid.setColumnStretch(2, 1)
        layout.addLayout(self._grid)
        self._place_panels(1)
        self.panel_card = frame
        column.addWidget(frame)
        column.addWidget(self.lost)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        outer.setSpacing(GRID + GRID // 2)
        outer.addLayout(head)
        outer.addWidget(scrolled(inside, "What the experiment has found"), 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put two plots side by side where they have room."""
        super().resizeEvent(event)
        self._place_panels(2 if self.width() >= TWO_ABREAST else 1)

    def _place_panels(self, abreast: int) -> None:
        for place, (view, saving) in enumerate(zip(self.panels.values(), self._panel_buttons, strict=True)):
            row, column = 2 * (place // abreast), place % abreast
            self._grid.addWidget(saving, row, column, Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(view, row + 1, column)

    def _show(self, found: ExperimentResults) -> None:
        self.found = found
        done = "" if found.finished else f"{found.done:,} of {counted(found.parts, 'part')} done, "
        self.progress.setText(f"{done}{duration(found.seconds)}")
        self.save.show()
        self.copy.show()
        self.resume.setVisible(found.status not in ("done", "running"))
        self.conclusion.setText(conclusion(found))
        said = notes(found)
        self.notes.setText("\n".join(said))
        self.notes.setVisible(bool(said))
        self.table.show_results(found)
        fit_whole_table(self.table_view)
        plot = contrast_plot(found)
        self.difference_card.setVisible(plot is not None)
        self.differences.show_plot(plot)
        plots = {message: share_plot(found, message) for message in found.plan.messages}
        for message, view in self.panels.items():
            view.show_plot(plots.get(message))
        self.panel_card.setVisible(any(plots.values()))
        self.lost.show_results(found)

    def _write(self, found: ExperimentResults, path: Path) -> None:
        """Write the report off the event loop, and announce it."""
        library = self.desk.library

        def write() -> Path:
            facts = report_facts(library, found)
            html = path.suffix.lower() != ".md"
            text = html_report(found, facts, COLOURS) if html else markdown_report(found, facts)
            try:
                atomic_write(path, text)
            except OSError as error:
                raise cannot_write(path, error) from error
            return path

        self.desk.background.run(
            self,
            write,
            lambda path: saved(self.notice, path, "Report saved."),
            failed=self.notice.show_error,
        )

    def _copy(self) -> None:
        if self.found is not None:
            QGuiApplication.clipboard().setText(conclusion(self.found))
            self.desk.say("Copied to the clipboard.")

    def _resume(self) -> None:
        if self.found is not None:
            self.desk.open("experiment", resume=self.found.run)


class _ResultRows(RowsModel[Arm]):
    """A row per arm: its students so far, and how often they are correct under each message."""

    def __init__(self, messages: Sequence[MessageKind]) -> None:
        super().__init__(())
        self._found: ExperimentResults | None = None
        self._set_columns(messages)

    def show_results(self, found: ExperimentResults) -> None:
        """Show what an experiment has found so far."""
        self.beginResetModel()
        self._found = found
        self._set_columns(found.plan.messages)
        self.rows = [one.arm for one in found.arms if one.arm not in found.absent]
        self.endResetModel()

    def identity(self, row: Arm) -> object:
        """Return the arm."""
        return row

    def _set_columns(self, messages: Sequence[MessageKind]) -> None:
        self.columns = (
            Column[Arm]("Arm", lambda arm: ARM_NAMES[arm]),
            Column[Arm](
                "Students",
                self._students,
                tip="How many of its students, one per seed, are trained",
            ),
            *(
                Column[Arm](
                    MESSAGE_NAMES[message],
                    partial(self._share, message),
                    tip="Held-out tasks answered correctly, with the 95% interval over tasks and seeds",
                )
                for message in messages
            ),
        )

    def _students(self, arm: Arm) -> str:
        return seeds_done(self._found, arm) if self._found else ""

    def _share(self, message: MessageKind, arm: Arm) -> str:
        return share_text(self._found.share(arm, message)) if self._found else ""

    def cell(self, row: Arm, column: int, role: int) -> Any:
        """Return nothing besides the text."""
        return None
