"""The Chat page: any number of models answer the same message, side by side."""

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.tasks import get_task
from orca_desk.steps.chat.column_sampling import NONE, OwnSampling
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import (
    BUSY,
    AnswerEnded,
    AnswerFailed,
    Event,
    NotOpened,
    NotStored,
    Piece,
    Shown,
    StateChanged,
    Stored,
    TurnAdded,
)
from orca_desk.steps.chat.export import export_chat
from orca_desk.steps.chat.models import ChatModel, part_of
from orca_desk.steps.chat.offer import ChatOffer, example_tasks, read_offer, save_models
from orca_desk.ui.desk import Desk, Unsaved
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.chat.columns import ModelRow
from orca_desk.ui.pages.chat.composer import Composer
from orca_desk.ui.pages.chat.conversation_view import ConversationView, ExampleQuestions
from orca_desk.ui.pages.chat.header import ChatHeader
from orca_desk.ui.pages.chat.history import ChatHistory
from orca_desk.ui.pages.chat.messages import ChatMessages
from orca_desk.ui.pages.chat.model_notes import ModelNotes
from orca_desk.ui.pages.chat.settings import ChatSettings
from orca_desk.ui.pages.chat.task_panel import TaskPanel
from orca_desk.ui.pages.chat.turn import TurnActions
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.local_files import local_files
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.save_file import saved

NARROW = 100 * GRID  # px; a narrower page has no room for the history beside the conversation
THREE_PANES = 200 * GRID  # px; a page this wide has room for the settings beside the conversation
HISTORY = "chat/history"  # the window's setting for whether the history is shown
UNSENT = "A message in Chat has not been sent. Send it or clear it."
TICK_MS = 50  # streamed text is shown twenty times per second
RENDER_SECONDS = 0.012  # per tick; the rest waits for the next one


class ChatPage(Page):
    """Columns of models above, the conversation below them, then the composer; stored chats at the left.

    The conversation works in threads of its own. Its events wait in `_inbox` for the event loop.
    """

    name = "chat"
    title = "Chat"
    widest = WIDE_PANES
    watches = frozenset({"chats", "trainings", "strategies", "tasks"})
    offers = (
        Command("&Send the message", lambda page: page.messages.send(), key="Ctrl+Return", image="send"),
        Command("S&top the answers", lambda page: page.messages.escape(), key="Esc", image="square"),
        Command("&Regenerate the answers", lambda page: page.messages.regenerate(), key="Ctrl+R",
                image="refresh-cw"),
        Command("&Edit the last message", lambda page: page.messages.edit_last(), key="Ctrl+E",
                image="pencil"),
        Command("&Context before the question", lambda page: page.composer.clip.toggle(), key="Ctrl+Shift+K",
                image="paperclip"),
        Command("&Insert a task…", lambda page: page.tasks.insert(), key="Ctrl+T", image="list-checks"),
        Command("Save the last message as a tas&k…", lambda page: page.messages.save_last(), image="save"),
        Command("&Branch the chat here", lambda page: page.messages.branch_last(), key="Ctrl+Shift+B",
                image="git-branch"),
        Command("Add a c&olumn…", lambda page: page.models.add_column(), key="Ctrl+Shift+N", image="plus"),
        Command("Sa&mpling…", lambda page: page.show_sampling(), key="Ctrl+Shift+S",
                image="sliders-horizontal"),
        Command("E&xport the chat…", lambda page: page.export_chat(), key="Ctrl+Shift+E",
                image="file-output"),
        SEARCH,
        Command("&History", lambda page: page.toggle_history(), key="Ctrl+H", image="history"),
    )  # fmt: skip
    _happened = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.setAcceptDrops(True)
        self._models_chosen = False
        self._is_narrow = self._is_wide = False
        self._inbox: deque[Event] = deque()
        self.conversation = Conversation(desk.library, self._receive)
        self.models = ModelRow(self, self.use_models, lambda: self.settings.sampling)
        self.history = ChatHistory(desk, self.conversation.forget)
        self.settings = ChatSettings(self)
        self.composer = Composer(self)
        self.tasks = TaskPanel(self, self.composer)
        self.messages = ChatMessages(
            self,
            self.conversation,
            models=self.models,
            settings=self.settings,
            composer=self.composer,
            tasks=self.tasks,
            show_news=self._show_news,
            open_chat=self.open_chat,
        )
        self.view = ConversationView(
            desk.theme,
            TurnActions(
                edit=self.messages.edit,
                save=self.messages.save_turn,
                branch=self.messages.branch,
                regenerate=self.messages.regenerate,
                regenerate_one=self.messages.regenerate_one,
                retry=self.messages.retry,
                look=self.messages.look,
            ),
        )
        self.examples = ExampleQuestions(desk.theme, self.messages.send_task)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._show_news)
        self._lay_out()
        self._connect()
        desk.unsaved.append(Unsaved(lambda: UNSENT if self.composer.draft().message else ""))
        desk.under_way.append(self.conversation.settle)

    def search_field(self) -> QLineEdit:
        """See Page: the search of the chats, which opens if it is folded."""
        if not self.history.isVisible():
            self.toggle_history()
        return self.history.search

    # What is where

    def _lay_out(self) -> None:
        self.top = ChatHeader(
            self.desk,
            toggle_history=self.toggle_history,
            offer_models=lambda: self.models.offer(self.top.models),
            show_sampling=self.show_sampling,
            start_anew=self._start_anew,
        )
        self.header.addWidget(self.top)
        main = QWidget()
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.models)
        self.notes = ModelNotes(self.desk)
        column.addWidget(self.notes)
        column.addWidget(self.settings.system)
        self._middle = QStackedWidget()
        self._middle.setMinimumHeight(10 * GRID)  # in a low window, the conversation shrinks first
        self._start = scrolled(self.examples)
        self._middle.addWidget(self._start)
        self._middle.addWidget(self.view)
        column.addWidget(self._middle, 1)
        column.addWidget(self.composer)
        self.splitter = Panes(self.history, main, stretches=(0, 1))
        self.splitter.setSizes([26 * GRID, 100 * GRID])
        self.splitter.setCollapsible(0, True)
        beside = QHBoxLayout()
        beside.setSpacing(2 * GRID)
        beside.addWidget(self.splitter, 1)
        beside.addWidget(self.settings.make_pane(), 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(beside, 1)
        self.keep("splitter", self.splitter)
        self.history.setHidden(self.desk.view_state.value(HISTORY) == "hidden")

    def _connect(self) -> None:
        self._happened.connect(self._show_news, Qt.ConnectionType.QueuedConnection)
        for bar, other in ((self.view, self.models.area), (self.models.area, self.view)):
            bar.horizontalScrollBar().valueChanged.connect(other.horizontalScrollBar().setValue)
        self.settings.votes_changed.connect(self.top.show_votes)
        self.models.context_changed.connect(self.composer.set_context_window)
        self.history.opened.connect(self.open_chat)
        self.history.exporting.connect(self._export)
        self.composer.sent.connect(self.messages.send)
        self.composer.stopped.connect(self.conversation.stop)
        self.composer.task_wanted.connect(self.tasks.insert)

    # What the window asks for

    def refresh(self, changes: frozenset[str]) -> None:
        """Read what changed; the first time, all that the page offers."""
        if "chats" in changes:
            self.history.reload()
        library = self.desk.library
        if changes & {"trainings", "strategies"}:
            self.desk.background.run(self, lambda: read_offer(library), self._show_offer, only_newest="offer")
        elif "tasks" in changes and not self.conversation.turns:
            self.desk.background.run(
                self, lambda: example_tasks(library), self.examples.set_tasks, only_newest="examples"
            )

    def go(self, target: Mapping[str, Any]) -> None:
        """Start a new chat, open one, or take up a model, a training's models or a task."""
        if target.get("do") == "new":
            self._start_anew()
        if "model" in target:
            model = Path(str(target["model"]))
            self.use_models([ChatModel(part=part_of(model, None), model=model)])
        if "training" in target:
            self._models_chosen = True
            self.models.use_training(str(target["training"]))
        if "task" in target:
            library, task_id = self.desk.library, str(target["task"])
            self.new_chat()
            self.desk.background.run(
                self,
                lambda: get_task(library, task_id),
                lambda task: self.composer.set_draft(Draft.of_task(task)),
                failed=self.notice.show_error,
            )
        if "chat" in target:
            self.open_chat(str(target["chat"]))

    def first_focus(self) -> QWidget:
        """Return the box for the message."""
        return self.composer.input

    def close_page(self) -> None:
        """End all models."""
        self._timer.stop()
        self.conversation.close()

    # Chats and models

    def new_chat(self) -> None:
        """Start a new chat with the same models. A draft of a new message stays in the composer."""
        self.notice.hide()
        self.conversation.new()
        self._show_news()

    def open_chat(self, chat_id: str) -> None:
        """Continue a stored chat with its own models."""
        self._models_chosen = True  # those that are offered at first, a moment later, must not replace them
        self.conversation.open(chat_id)

    def use_models(self, models: Sequence[ChatModel], own: OwnSampling = NONE) -> None:
        """Ask these models from now on. As a chat has fixed models, this starts a new one."""
        library, chosen = self.desk.library, list(models)
        if chosen:
            self.desk.background.run_in_order(lambda: save_models(library, chosen, own))
        self._begin_with(chosen, own)

    def _begin_with(self, models: Sequence[ChatModel], own: OwnSampling) -> None:
        self._models_chosen = True
        self.models.set_own(models, own)
        turns = self.conversation.turns
        self.composer.end_edit(clear=True)
        self.conversation.use(models)
        self._show_news()
        if turns and not self.composer.draft().message:
            self.composer.set_draft(Draft.of_turn(turns[-1]))
            self.desk.say("The models changed, so a new chat was started. The previous one is in History.")

    def _start_anew(self) -> None:
        self.new_chat()
        self.composer.input.setFocus()

    def export_chat(self) -> None:
        """Save the chat on screen as a file."""
        if not self.conversation.chat_id:
            self.notice.show_message("There is no chat to export yet.", "Ask something first.")
            return
        self.history.export(self.conversation.chat_id)

    # What the conversation tells

    def _receive(self, event: Event) -> None:
        """From any thread: note an event. Streamed text waits for the timer, which runs while busy."""
        self._inbox.append(event)
        if not isinstance(event, Piece):
            self._happened.emit()

    def _show_news(self) -> None:
        """Show all events, and as much streamed text as the time allows."""
        while self._inbox:
            event = self._inbox.popleft()
            self.view.handle(event)
            self._handle(event)
        self.view.render_news(RENDER_SECONDS)

    def _handle(self, event: Event) -> None:
        if isinstance(event, StateChanged):
            self._show_busy(event.state in BUSY)
        elif isinstance(event, Shown):
            self._show_chat(event)
        elif isinstance(event, TurnAdded):
            self._middle.setCurrentWidget(self.view)
        elif isinstance(event, AnswerEnded) and event.context:
            self.models.note_context(event.column, event.context)
        elif isinstance(event, AnswerFailed) and not isinstance(event.error, UserError):
            self.desk.report(event.error)
        elif isinstance(event, Stored):
            self._select_chat()
            self.desk.tell("chats")
        elif isinstance(event, NotStored):
            self.messages.give_back(event)
        elif isinstance(event, NotOpened):
            self.notice.show_error(event.error)

    def _show_busy(self, busy: bool) -> None:
        self.composer.set_busy(busy)
        if busy:
            self._timer.start()
        else:
            self._timer.stop()

    def _show_chat(self, shown: Shown) -> None:
        self.models.show_models(shown.models)
        self.notes.show_models(shown.models)
        if shown.opened:
            self.notice.hide()
            self.settings.system.set_text(shown.system)
        if self.composer.editing is not None:
            self.composer.end_edit(clear=True)
        self._middle.setCurrentWidget(self.view if shown.turns else self._start)
        self._select_chat()

    def _select_chat(self) -> None:
        self.history.set_current(self.conversation.chat_id)

    def _export(self, chat_id: str, path: Path) -> None:
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: export_chat(library, chat_id, path),
            lambda turns: saved(self.notice, path, f"{counted(turns, 'turn')} saved to"),
            failed=self.notice.show_error,
        )

    # Files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept a file of this machine."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Make a text file the context."""
        files = local_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.composer.read_file(files[0])

    # Showing

    def show_sampling(self) -> None:
        """Show the sampling settings beside their button, or go to them where they are shown anyway."""
        if self._is_wide:
            self.settings.pane.form.control("temperature").setFocus()
        else:
            self.settings.show_sampling(self.top.sampling)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the room of a narrow window to the conversation; show the settings beside it in a wide one.

        *History* shows the list of chats in a narrow window too.
        """
        super().resizeEvent(event)
        is_wide = event.size().width() >= THREE_PANES
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self.settings.show_pane(is_wide)
            self.top.sampling.setHidden(is_wide)
        if self._is_narrow != (event.size().width() < NARROW):
            self._is_narrow = not self._is_narrow
            is_hidden = self.desk.view_state.value(HISTORY) == "hidden"
            self.history.setHidden(self._is_narrow or is_hidden)

    def toggle_history(self) -> None:
        """Show or hide the list of chats."""
        shown = self.history.isHidden()
        self.history.setVisible(shown)
        if self._is_narrow:
            return  # for now only: the choice is for wider windows
        self.desk.view_state.setValue(HISTORY, "shown" if shown else "hidden")

    def _show_offer(self, offer: ChatOffer) -> None:
        self.models.trainings = offer.trainings
        self.examples.set_tasks(offer.examples)
        self.settings.system.set_strategies(offer.strategies)
        if not self._models_chosen:
            self.settings.show_saved(offer)
            self._begin_with(offer.models, offer.own)
