"""The models of a chat: the heads of the columns in a row, and every way to choose others."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from orca_desk.errors import UserError
from orca_desk.library.trainings import Training
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.models import Answerer, bundled, needs_conversion, of_training
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.chat.columns import ChooseModel, ColumnHead
from orca_desk.ui.pages.chat.view import SCROLL_BAR
from orca_desk.ui.theme import GRID

MOST_COLUMNS = 3
TRAININGS_OFFERED = 12


class Lineup(QWidget):
    """Shows who answers. Other models are only asked for, by `wanted`; `show_models` then shows them."""

    wanted = Signal(object)  # a list of Answerer
    context_known = Signal(object)  # tokens that the smallest model can look at, or None
    refused = Signal(object)  # an exception
    prepared = Signal(bool)  # whether a base is being converted

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.trainings: list[Training] = []
        self.heads: list[ColumnHead] = []
        self._contexts: dict[int, int] = {}
        self._row = QHBoxLayout(self)
        self._row.setSpacing(GRID)
        self._row.setContentsMargins(0, 0, SCROLL_BAR, 0)
        desk.models.changed.connect(self._show_contexts)
        if not desk.models.is_read:
            desk.models.read()

    @property
    def answerers(self) -> list[Answerer]:
        """Who answers, column by column."""
        return [head.answerer for head in self.heads]

    def show_models(self, answerers: Sequence[Answerer]) -> None:
        """Show these."""
        for head in self.heads:
            self._row.removeWidget(head)
            head.hide()
            head.deleteLater()
        self.heads = []
        self._contexts.clear()
        for column, answerer in enumerate(answerers):
            head = ColumnHead(self._desk, answerer)
            head.change.connect(partial(self.choose, column))
            head.remove.connect(partial(self._remove, column))
            head.remover.setVisible(len(answerers) > 1)
            self.heads.append(head)
            self._row.addWidget(head, 1)
        self._show_contexts()

    def note_context(self, column: int, tokens: int) -> None:
        """Show how many tokens a column's model can look at, as its worker says."""
        self._contexts[column] = tokens
        self._show_contexts()

    def offer(self, below: QWidget) -> None:
        """Show the menu of models: those of a training, the bundled ones, one more column."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for training in self.trainings[:TRAININGS_OFFERED]:
            text = f"{training.id} on {training.base.name}: tuned, base, teacher"
            menu.addAction(text.replace("&", "&&"), partial(self.use_training, training.id))
        if self.trainings:
            menu.addSeparator()
        menu.addAction("Bundled mini student and mini teacher", lambda: self.wanted.emit(bundled()))
        add = menu.addAction("Add a column…", self.add_column)
        add.setEnabled(len(self.heads) < MOST_COLUMNS)
        menu.popup(below.mapToGlobal(QPoint(0, below.height())))

    def add_column(self) -> None:
        """Choose a model for one more column."""
        if len(self.heads) < MOST_COLUMNS:
            self.choose(len(self.heads))

    def choose(self, column: int) -> None:
        """Choose a model for a column."""
        now = self.heads[column].answerer if column < len(self.heads) else None
        dialog = ChooseModel(self._desk, self.trainings, now, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def use(answerer: Answerer) -> None:
            chosen = self.answerers
            chosen[column : column + 1] = [answerer]
            self.wanted.emit(chosen)

        dialog.chosen.connect(use)
        dialog.open()

    def use_training(self, training_id: str) -> None:
        """Ask for a training's tuned student, its base and its teacher; the base is converted if need be."""
        library = self._desk.library
        self._desk.background.run(
            self,
            lambda: needs_conversion(library, training_id),
            partial(self._find, training_id),
            failed=self.refused.emit,
        )

    def _find(self, training_id: str, converts: bool) -> None:
        library = self._desk.library
        if not converts:
            self._desk.background.run(
                self,
                lambda: of_training(library, training_id, progress=silent, control=JobControl()),
                self._found,
                failed=self.refused.emit,
                only_newest="training",
            )
            return
        job = self._desk.jobs.start(
            f"Prepare the base of {training_id} for chat",
            "convert",
            lambda tools: of_training(library, training_id, progress=tools.progress, control=tools.control),
            changes={"models"},
        )
        job.ended.connect(lambda: self._converted(job))
        self.prepared.emit(True)

    def _converted(self, job: Job) -> None:
        self.prepared.emit(False)
        if isinstance(job.error, UserError):
            self.refused.emit(job.error)
        elif job.result:
            self._found(job.result)

    def _found(self, answerers: Sequence[Answerer]) -> None:
        if answerers:
            self.wanted.emit(list(answerers))

    def _remove(self, column: int) -> None:
        self.wanted.emit([one for place, one in enumerate(self.answerers) if place != column])

    def _show_contexts(self) -> None:
        """Show how much each model can look at: as its worker says, or else as its file does."""
        known = {model.path: model.context for model in self._desk.models.of("gguf")}
        found = []
        for column, head in enumerate(self.heads):
            tokens = self._contexts.get(column) or known.get(head.answerer.model)
            head.show_context(tokens)
            found += [tokens] if tokens else []
        self.context_known.emit(min(found) if found else None)
