"""The columns of a chat: a row of heads that name the models, and every way to choose others."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.inventory.serving import ServingNotes, serving_notes
from orca_desk.inventory.templates import Overrides
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.column_sampling import NONE, OwnSampling
from orca_desk.steps.chat.models import (
    ChatModel,
    fingerprint,
    mini_models,
    needs_conversion,
    training_models,
)
from orca_desk.steps.chat.offer import save_models
from orca_desk.steps.chat.wording import sampling_text
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size, pixmap
from orca_desk.ui.jobs import NO_RUN, Job
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.answer import BUTTON_ICON, PART_ICONS, PART_NAMES, PART_ROLES
from orca_desk.ui.pages.chat.arrange import arrange, width_of
from orca_desk.ui.pages.chat.conversation_view import SCROLL_BAR
from orca_desk.ui.pages.chat.model_dialog import ModelDialog
from orca_desk.ui.pages.chat.sampling_panel import SamplingPopover
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.text import safe_tip, set_tone
from orca_desk.ui.words.models import notes_of
from orca_desk.ui.words.tidying import run_title

TRAININGS_OFFERED = 12


class ModelRow(QWidget):
    """Shows the model of each column, and how it samples if it has settings of its own."""

    context_changed = Signal(object)  # the smallest context window of all columns in tokens, or None

    def __init__(
        self,
        page: Page,
        use: Callable[[Sequence[ChatModel], OwnSampling], None],
        common: Callable[[], Sampling],
    ) -> None:
        """`use` gets other models, with their own sampling, when the user chooses them.

        `common` returns the sampling of the columns that have none of their own.
        """
        super().__init__()
        self._page, self._desk, self._use, self._common = page, page.desk, use, common
        self._own: tuple[tuple[ChatModel, ...], dict[int, Sampling]] = ((), {})  # and the models that have it
        self.trainings: list[Training] = []
        self.models: tuple[ChatModel, ...] = ()
        self.heads: list[ColumnHead] = []
        self._contexts: dict[int, int] = {}
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setSpacing(GRID)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.area = _Heads(inside)
        outside = QHBoxLayout(self)
        outside.setContentsMargins(0, 0, SCROLL_BAR, 0)
        outside.addWidget(self.area)
        self._desk.models.changed.connect(self._show_contexts)
        if not self._desk.models.is_read:
            self._desk.models.read()

    @property
    def own(self) -> OwnSampling:
        """The sampling of the columns that do not sample as the others do."""
        models, own = self._own
        return own if models == self.models else NONE

    def set_own(self, models: Sequence[ChatModel], own: OwnSampling) -> None:
        """Let the columns of these models, which are shown or about to be, have their own sampling."""
        self._own = (tuple(models), dict(own))
        self._show_own()

    def show_models(self, models: Sequence[ChatModel]) -> None:
        """Show these models, one per column. Those of another choice have no sampling of their own."""
        if tuple(models) == self.models:
            return
        for head in self.heads:
            self._row.removeWidget(head)
            head.hide()
            head.deleteLater()
        self.models, self.heads = tuple(models), []
        self._contexts.clear()
        for column, model in enumerate(models):
            head = ColumnHead(self._desk, model)
            head.changed.connect(partial(self.choose, column))
            head.removed.connect(partial(self._remove, column))
            head.sampling_wanted.connect(partial(self.show_sampling, column))
            head.remove_button.setVisible(len(models) > 1)
            self.heads.append(head)
            self._row.addWidget(head, 1)
        self._fit()
        self._show_contexts()
        self._show_own()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give every head its room; those that do not fit scroll with their columns."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        count = len(self.heads)
        fits = arrange(count, self.width() - SCROLL_BAR) == "beside"
        self.area.inside.setMinimumWidth(0 if fits else width_of(count))

    def note_context(self, column: int, tokens: int) -> None:
        """Show the size of a context window as the running model reports it."""
        self._contexts[column] = tokens
        self._show_contexts()

    def offer(self, below: QWidget) -> None:
        """Show the menu of models: those of a training, the bundled ones, one more column."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for training in self.trainings[:TRAININGS_OFFERED]:
            text = f"{run_title(training.run)} on {training.base.name}: tuned, base, teacher"
            menu.addAction(text.replace("&", "&&"), partial(self.use_training, training.id))
        if self.trainings:
            menu.addSeparator()
        menu.addAction("Bundled mini student and mini teacher", lambda: self._use(mini_models(), NONE))
        menu.addAction("Add a column…", self.add_column)
        menu.popup(below.mapToGlobal(QPoint(0, below.height())))

    def add_column(self) -> None:
        """Ask for the model of one more column."""
        self.choose(len(self.models))

    def choose(self, column: int) -> None:
        """Ask for the model of a column."""
        now = self.models[column] if column < len(self.models) else None
        dialog = ModelDialog(self._desk, self.trainings, now, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def use(model: ChatModel) -> None:
            self._use([*self.models[:column], model, *self.models[column + 1 :]], self.own)

        dialog.chosen.connect(use)
        dialog.open()

    def use_training(self, training_id: str) -> None:
        """Use a training's tuned student, its base and its teacher, after converting the base if needed."""
        library = self._desk.library
        self._desk.background.run(
            self,
            lambda: needs_conversion(library, training_id),
            partial(self._find, training_id),
            failed=self._page.notice.show_error,
        )

    def _find(self, training_id: str, converts: bool) -> None:
        library = self._desk.library
        if not converts:
            self._desk.background.run(
                self,
                lambda: training_models(library, training_id, progress=silent, control=JobControl()),
                self._use_found,
                failed=self._page.notice.show_error,
                only_newest="training",
            )
            return
        job = self._desk.jobs.start(
            f"Prepare the base of {training_id} for chat",
            "convert",
            lambda tools: training_models(
                library, training_id, progress=tools.progress, control=tools.control
            ),
            changes={"models"},
            again=("chat", {"training": training_id}),
            begins_in=NO_RUN,
        )
        job.ended.connect(lambda: self._converted(job))
        self._page.notice.show_message("Converting the base model (needed once). Chat starts when it's done.")

    def _converted(self, job: Job) -> None:
        self._page.notice.hide()
        if isinstance(job.error, UserError):
            self._page.notice.show_error(job.error)
        elif job.result:
            self._use_found(job.result)

    def _use_found(self, models: Sequence[ChatModel]) -> None:
        if models:
            self._use(models, NONE)

    def _remove(self, column: int) -> None:
        own = {at - (at > column): one for at, one in self.own.items() if at != column}
        self._use([*self.models[:column], *self.models[column + 1 :]], own)

    def show_sampling(self, column: int) -> None:
        """Show the sampling settings of one column below its button."""
        common, models = self._common(), self.models
        popover = SamplingPopover(
            self._page,
            self.own.get(column, common),
            title="Sampling of this column",
            usual=("Same as the other columns", common),
        )

        def take() -> None:
            if self.models != models:
                return  # another chat was opened meanwhile
            try:
                sampling = popover.form.value()
            except UserError as error:
                self._page.notice.show_error(error)
                return
            own = {at: one for at, one in self.own.items() if at != column}
            self.set_own(models, own if sampling == common else {**own, column: sampling})
            library, kept = self._desk.library, self.own
            self._desk.write(lambda: save_models(library, models, kept))

        popover.closed.connect(take)
        popover.open_below(self.heads[column].sampling_button)

    def _show_own(self) -> None:
        for column, head in enumerate(self.heads):
            head.show_sampling(self.own.get(column))
            head.sampling_button.setVisible(len(self.heads) > 1)

    def _show_contexts(self) -> None:
        """Show each name and context window: as the running model reports it, or else as its file does."""
        known = {model.path: model for model in self._desk.models.of("gguf")}
        found = []
        for column, (head, model) in enumerate(zip(self.heads, self.models, strict=True)):
            listed = known.get(model.model)
            tokens = self._contexts.get(column) or (listed.context if listed else None)
            head.show_context(tokens, listed.name if listed else "")
            found += [tokens] if tokens else []
        self.context_changed.emit(min(found) if found else None)


class _Heads(QScrollArea):
    """As high as the heads in it, without scroll bars: it scrolls with the conversation below it."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.inside = inside
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Models of the columns")
        self.setWidget(inside)
        inside.installEventFilter(self)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of the heads."""
        return QSize(0, self.inside.sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same."""
        return self.sizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the height of the heads."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ColumnHead(QFrame):
    """Shows a column's model: its role, its file, its adapter, and the short hashes of both."""

    changed = Signal()  # the user wants another model here
    removed = Signal()
    sampling_wanted = Signal()

    def __init__(self, desk: Desk, model: ChatModel) -> None:
        super().__init__()
        self._desk, self._model = desk, model
        self.setObjectName("head")
        name = PART_NAMES[model.part]
        self.setAccessibleName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID // 2, GRID // 2, GRID)
        layout.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._icon = QLabel()
        row.addWidget(self._icon)
        self.title = ElidedLabel(name, bold=True, tone=model.part)
        row.addWidget(self.title, 1)
        self.change_button = self._tool("Change the model of this column…", self.changed)
        self.remove_button = self._tool("Remove this column", self.removed)
        self.sampling_button = self._tool("Sampling of this column", self.sampling_wanted)
        row.addWidget(self.sampling_button)
        row.addWidget(self.change_button)
        row.addWidget(self.remove_button)
        layout.addLayout(row)
        self.model = ElidedLabel(model.model.name, size="caption", mode=Qt.TextElideMode.ElideMiddle)
        self.model.setToolTip(safe_tip(str(model.model)))
        self.detail = ElidedLabel(self._adapter(), size="caption", tone="muted")
        self.sampling = ElidedLabel(size="caption", tone="accent")
        self.sampling.hide()
        self.notes = ElidedLabel(size="caption", tone="muted")
        self.notes.hide()
        layout.addWidget(self.model)
        layout.addWidget(self.detail)
        layout.addWidget(self.sampling)
        layout.addWidget(self.notes)
        desk.theme.changed.connect(self._paint)
        self._paint()
        library = desk.library
        desk.background.run(
            self, lambda: fingerprint(library, model), self._show_hash, failed=self._show_problem
        )
        desk.background.run(
            self,
            lambda: serving_notes(model.model, model.adapter, overrides=Overrides.of(library)),
            self._show_notes,
        )

    def show_context(self, tokens: int | None, name: str = "") -> None:
        """Show the size of the model's context window, if it is known, and its name in the list of models."""
        shown = name or self._model.model.name
        self.model.setText(f"{shown}  ·  {tokens:,} tokens" if tokens else shown)

    def show_sampling(self, own: Sampling | None) -> None:
        """Show the sampling of this column if it has its own."""
        self.sampling.setVisible(own is not None)
        self.sampling.show_text(f"own sampling: {sampling_text(own)}" if own else "")

    def _tool(self, tip: str, signal: SignalInstance) -> QToolButton:
        made = QToolButton()
        made.setIconSize(icon_size(BUTTON_ICON))
        made.setToolTip(tip)
        made.setAccessibleName(f"{PART_NAMES[self._model.part]}: {tip}")
        made.clicked.connect(signal)
        return made

    def _adapter(self) -> str:
        if self._model.adapter is None:
            return "no adapter"
        return f"adapter {self._model.training or self._model.adapter.name}"

    def _show_hash(self, text: str) -> None:
        self.detail.show_text(f"{self._adapter()}  ·  {text}")
        files = [self._model.model, *([self._model.adapter] if self._model.adapter else [])]
        self.detail.setToolTip(safe_tip("\n".join([*map(str, files), f"SHA-256 {text}"])))

    def _show_notes(self, notes: ServingNotes) -> None:
        """Show what the user should know of this column, in amber if its answers may mean nothing."""
        sentences = notes_of(notes)
        self.notes.setVisible(bool(sentences))
        self.notes.show_text(" ".join(sentences))
        self.notes.setToolTip(safe_tip("\n".join(sentences)))
        set_tone(self.notes, "warn" if notes.adapter else "muted")

    def _show_problem(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.detail.show_text(error.message)
        else:
            self._desk.report(error)

    def _paint(self) -> None:
        colours, role = self._desk.theme.colours, PART_ROLES[self._model.part]
        self.setStyleSheet(
            f"#head {{ background: {colours.tint(role, 0.1).name()};"
            f" border: 1px solid {colours.tint(role, 0.4).name()}; border-radius: 8px; }}"
        )
        self._icon.setPixmap(pixmap(PART_ICONS[self._model.part], colours, role, 16))
        self.change_button.setIcon(icon("pencil", colours, "muted"))
        self.remove_button.setIcon(icon("x", colours, "muted"))
        self.sampling_button.setIcon(icon("sliders-horizontal", colours, "muted"))
