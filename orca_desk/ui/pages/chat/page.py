"""The Chat page: up to three models answer the same message, side by side."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.library.tasks import get_task
from orca_desk.steps.chat.conversation import Turn
from orca_desk.steps.chat.models import Answerer, part_of
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.composer import Composer, local_files
from orca_desk.ui.pages.chat.examples import Examples, example_tasks
from orca_desk.ui.pages.chat.files import ContextFiles
from orca_desk.ui.pages.chat.history import History
from orca_desk.ui.pages.chat.lineup import Lineup
from orca_desk.ui.pages.chat.messages import Messages
from orca_desk.ui.pages.chat.offer import Offer, Opened, read_chat, read_offer
from orca_desk.ui.pages.chat.settings import ChatSettings
from orca_desk.ui.pages.chat.system import SystemBar
from orca_desk.ui.pages.chat.talk import Talk
from orca_desk.ui.pages.chat.task_actions import ChatTasks
from orca_desk.ui.pages.chat.view import ConversationView
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button

HISTORY = "chat/history"  # where the window keeps whether the list is shown


class ChatPage(Page):
    """Columns of models above, the conversation below them, then the composer; former chats at the left."""

    name = "chat"
    title = "Chat"
    watches = frozenset({"chats", "trainings", "strategies", "tasks"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.setAcceptDrops(True)
        self._is_ready = False  # models were chosen, by the user or from the start
        self.view = ConversationView(desk.theme)
        self.talk = Talk(desk, self.view)
        self.lineup = Lineup(desk)
        self.history = History(desk)
        self.system = SystemBar()
        self.examples = Examples(desk.theme)
        self.composer = Composer(desk)
        self.settings = ChatSettings(self, self.system)
        self.messages = Messages(desk, self.talk, self.composer, self.settings)
        self.tasks = ChatTasks(self, self.talk, self.composer)
        self.files = ContextFiles(self, self.composer)
        self._lay_out()
        self._connect()
        self._add_commands()
        desk.theme.changed.connect(self._paint)
        self._paint()

    # What is where

    def _lay_out(self) -> None:
        self.models_button = button("Models", self._offer_models)
        self.sampling_button = button("Sampling", self.show_sampling)
        self.history_button = button("History", self.toggle_history)
        self.new_button = button("New chat", partial(self.go, {"do": "new"}))
        for made in (self.history_button, self.models_button, self.sampling_button, self.new_button):
            self.header.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
        main = QWidget()
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.lineup)
        column.addWidget(self.system)
        self._middle = QStackedWidget()
        self._middle.setMinimumHeight(10 * GRID)  # rather the conversation than the composer gives way
        self._middle.addWidget(self.examples)
        self._middle.addWidget(self.view)
        column.addWidget(self._middle, 1)
        column.addWidget(self.composer)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.history)
        self.splitter.addWidget(main)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([26 * GRID, 100 * GRID])
        self.splitter.setCollapsible(1, False)
        self.body.addWidget(self.splitter, 1)
        self.keep("splitter", self.splitter)
        self.history.setHidden(self.desk.view_state.value(HISTORY) == "hidden")

    def _connect(self) -> None:
        self.talk.busy_changed.connect(self._show_busy)
        self.talk.began.connect(self._mark_chat)
        self.talk.unsent.connect(self._take_back)
        self.talk.context_known.connect(self.lineup.note_context)
        self.messages.sending.connect(self._show_sending)
        self.messages.nobody.connect(self._ask_for_model)
        self.lineup.wanted.connect(self.use_models)
        self.lineup.context_known.connect(self.composer.set_window)
        self.lineup.refused.connect(self.notice.show_error)
        self.lineup.prepared.connect(self._say_prepared)
        self.view.edit.connect(self.messages.edit)
        self.view.again.connect(self.messages.again)
        self.view.save.connect(self.tasks.save)
        self.view.retry.connect(self.messages.retry)
        self.history.opened.connect(self.open_chat)
        self.history.leaving.connect(self._leave_chat)
        self.examples.chosen.connect(self.messages.send_task)
        self.composer.sent.connect(self.messages.send)
        self.composer.stopped.connect(self.talk.stop)
        self.composer.left.connect(self.messages.leave_edit)
        self.composer.library.connect(self.tasks.insert)

    def _add_commands(self) -> None:
        messages, tasks = self.messages, self.tasks
        self.command("&Send the message", messages.send, key="Ctrl+Return", image="send")
        self.command("S&top the answers", messages.escape, key="Esc", image="square")
        self.command("&Answer again", messages.again, key="Ctrl+R", image="refresh-cw")
        self.command("&Edit the last message", messages.edit_last, key="Ctrl+E", image="pencil")
        self.command("&Context before the question", self.composer.clip.toggle, key="Ctrl+Shift+K",
                     image="paperclip")  # fmt: skip
        self.command("&Insert a task…", tasks.insert, key="Ctrl+T", image="list-checks")
        self.command("Save the last message as a tas&k…", tasks.save_last, image="save")
        self.command("Add a c&olumn…", self.lineup.add_column, key="Ctrl+Shift+N", image="plus")
        self.command("Sa&mpling…", self.show_sampling, key="Ctrl+Shift+S", image="sliders-horizontal")
        self.command("&History", self.toggle_history, key="Ctrl+H", image="history")

    # What the window asks for

    def refresh(self, changes: frozenset[str]) -> None:
        """Read what changed; the first time, all that the page offers."""
        if "chats" in changes:
            self.history.reload()
        library = self.desk.library
        if changes & {"trainings", "strategies"}:
            self.desk.background.run(self, lambda: read_offer(library), self._show_offer, only_newest="offer")
        elif "tasks" in changes and not self.talk.turns:
            self.desk.background.run(
                self, lambda: example_tasks(library), self.examples.set_tasks, only_newest="examples"
            )

    def go(self, target: Mapping[str, Any]) -> None:
        """Begin a chat, show one, or put a model, a training's models or a task before the user."""
        if target.get("do") == "new":
            self.new_chat()
            self.composer.input.setFocus()
        if "model" in target:
            model = Path(str(target["model"]))
            self.use_models([Answerer(part=part_of(model, None), model=model)])
        if "training" in target:
            self._is_ready = True  # the newest training is not wanted
            self.lineup.use_training(str(target["training"]))
        if "task" in target:
            library, task_id = self.desk.library, str(target["task"])
            self.new_chat()
            self.desk.background.run(
                self,
                lambda: get_task(library, task_id),
                self.composer.set_task,
                failed=self.notice.show_error,
            )
        if "chat" in target:
            self.open_chat(str(target["chat"]))

    def first_focus(self) -> QWidget:
        """Let the user write at once."""
        return self.composer.input

    def close_page(self) -> None:
        """End all workers."""
        self.talk.close()

    # Chats

    def new_chat(self) -> None:
        """Begin a conversation with the same models. What was written and not sent stays to be sent there."""
        self.notice.hide()
        self.messages.leave_edit()
        self.talk.clear()
        self._mark_chat()

    def open_chat(self, chat_id: str) -> None:
        """Show a chat of the library with its own models."""
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: read_chat(library, chat_id),
            self._show_chat,
            failed=self.notice.show_error,
            only_newest="open",
        )

    def _show_chat(self, found: Opened) -> None:
        self.notice.hide()
        self.messages.leave_edit()
        self._use(found.answerers)
        self.talk.show(found.chat_id, found.conversation)
        self.system.set_text(found.conversation.system)
        self._mark_chat()

    def _leave_chat(self, chat_id: str) -> None:
        if chat_id == self.talk.chat_id:
            self.new_chat()

    # Messages

    def _show_sending(self) -> None:
        self.notice.hide()
        self._middle.setCurrentWidget(self.view)

    def _ask_for_model(self) -> None:
        self.notice.show_message(
            "There is no model to ask.",
            "Choose one for a column.",
            kind="warn",
            action="Add a column…",
            run=self.lineup.add_column,
        )

    def _take_back(self, turn: Turn, error: Exception) -> None:
        """Give a message back that could not be stored, unless another one was begun."""
        if not any(self.composer.parts()):
            self.messages.put_back(turn)
        self.notice.show_error(error)
        self._mark_chat()

    # Models

    def use_models(self, answerers: Sequence[Answerer]) -> None:
        """Ask these models from now on. A chat keeps its models, so this begins another one."""
        last = self.talk.turns[-1].question if self.talk.turns else ""
        had_turns = bool(last) and not self.composer.text()
        self.messages.leave_edit()
        self._use(answerers)
        self._mark_chat()
        if had_turns:
            self.composer.set_text(last)
            self.desk.say("Other models, so this is a new chat; the one before is in the history.")

    def _use(self, answerers: Sequence[Answerer]) -> None:
        self._is_ready = True
        if list(answerers) == self.talk.answerers:
            self.talk.clear()
            return
        self.talk.set_answerers(answerers)
        self.lineup.show_models(self.talk.answerers)

    def _offer_models(self) -> None:
        self.lineup.offer(self.models_button)

    def _say_prepared(self, goes_on: bool) -> None:
        self.notice.hide()
        if goes_on:
            self.notice.show_message("The base is converted once; the chat begins when that is done.")

    # Files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take a file of this machine."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Make a text file the context."""
        files = local_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self.files.read(files[0])

    # Showing

    def show_sampling(self) -> None:
        """Show the sampling settings beside their button."""
        self.settings.show_sampling(self.sampling_button)

    def toggle_history(self) -> None:
        """Show or hide the list of chats."""
        shown = self.history.isHidden()
        self.history.setVisible(shown)
        self.desk.view_state.setValue(HISTORY, "shown" if shown else "hidden")

    def _show_offer(self, offer: Offer) -> None:
        self.lineup.trainings = offer.trainings
        self.examples.set_tasks(offer.examples)
        self.system.set_strategies(offer.strategies)
        if not self._is_ready:
            self.settings.take(offer)
            self._use(offer.answerers)

    def _mark_chat(self) -> None:
        self.history.set_current(self.talk.chat_id)
        self._middle.setCurrentWidget(self.view if self.talk.turns else self.examples)

    def _show_busy(self, busy: bool) -> None:
        self.composer.set_busy(busy)
        if not busy and not self.talk.turns:
            self._mark_chat()

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        for made, image in (
            (self.models_button, "box"),
            (self.sampling_button, "sliders-horizontal"),
            (self.history_button, "history"),
            (self.new_button, "plus"),
        ):
            made.setIcon(icon(image, colours))
