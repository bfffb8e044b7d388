"""The Chat page: up to three models answer the same message, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.jobs.chat_models import (
    Answerer,
    finished_trainings,
    part_of,
)
from orca_desk.jobs.conversation import Conversation, Turn, load, read_text
from orca_desk.library.chats import RemovedRows, delete_chat, put_back, rename_chat
from orca_desk.library.settings import set_setting
from orca_desk.library.tasks import Added, DeletedTasks, add_tasks, delete_tasks, get_task, restore_tasks
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling, Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat_composer import Composer, local_files
from orca_desk.ui.pages.chat_examples import Examples, example_tasks
from orca_desk.ui.pages.chat_history import History
from orca_desk.ui.pages.chat_lineup import Lineup
from orca_desk.ui.pages.chat_offer import SAMPLING, SYSTEM, Offer, read_offer
from orca_desk.ui.pages.chat_system import SamplingPopover, SystemBar
from orca_desk.ui.pages.chat_talk import Talk
from orca_desk.ui.pages.chat_tasks import SaveTask, TaskPopover
from orca_desk.ui.pages.chat_turns import part_name
from orca_desk.ui.pages.chat_view import ConversationView
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
        self._sampling = Sampling()
        self._is_ready = False  # models were chosen, by the user or from the start
        self._editing: int | None = None
        self.view = ConversationView(desk.theme)
        self.talk = Talk(desk, self.view)
        self.lineup = Lineup(desk)
        self.history = History(desk)
        self.system = SystemBar()
        self.examples = Examples(desk.theme)
        self.composer = Composer(desk)
        self._lay_out()
        self._connect()
        self._add_commands()
        desk.theme.changed.connect(self._paint)
        self._paint()

    # What is where

    def _lay_out(self) -> None:
        self.models_button = button(self.tr("Models"), self._offer_models)
        self.sampling_button = button(self.tr("Sampling"), self.show_sampling)
        self.history_button = button(self.tr("History"), self.toggle_history)
        self.new_button = button(self.tr("New chat"), self.new_chat)
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
        self.history.setHidden(self.desk.places.value(HISTORY) == "hidden")

    def _connect(self) -> None:
        self.talk.busy_changed.connect(self._show_busy)
        self.talk.began.connect(self._mark_chat)
        self.talk.unsent.connect(self._take_back)
        self.talk.context_known.connect(self.lineup.note_context)
        self.lineup.wanted.connect(self.use_models)
        self.lineup.context_known.connect(self.composer.set_window)
        self.lineup.refused.connect(self.notice.show_error)
        self.lineup.prepared.connect(self._say_prepared)
        self.view.edit.connect(self.edit)
        self.view.again.connect(self.again)
        self.view.save.connect(self.save_as_task)
        self.view.retry.connect(self._retry)
        self.history.opened.connect(self.open_chat)
        self.history.renamed.connect(self._rename)
        self.history.deleted.connect(self._delete)
        self.system.changed.connect(self._keep_system)
        self.examples.chosen.connect(self._ask_example)
        self.composer.sent.connect(self.send)
        self.composer.stopped.connect(self.talk.stop)
        self.composer.left.connect(self._leave_edit)
        self.composer.library.connect(self.insert_task)
        self.composer.file.connect(self._choose_file)
        self.composer.dropped.connect(self._read_file)

    def _add_commands(self) -> None:
        self.command(self.tr("&Send the message"), self.send, key="Ctrl+Return", image="send")
        self.command(self.tr("S&top the answers"), self._escape, key="Esc", image="square")
        self.command(self.tr("&Answer again"), self.again, key="Ctrl+R", image="refresh-cw")
        self.command(self.tr("&Edit the last message"), self.edit_last, key="Ctrl+E", image="pencil")
        self.command(self.tr("&Context before the question"), self._toggle_context, key="Ctrl+Shift+K",
                     image="paperclip")  # fmt: skip
        self.command(self.tr("&Insert a task…"), self.insert_task, key="Ctrl+T", image="list-checks")
        self.command(self.tr("Save the last message as a tas&k…"), self.save_last_as_task, image="save")
        self.command(self.tr("Add a c&olumn…"), self.lineup.add_column, key="Ctrl+Shift+N", image="plus")
        self.command(
            self.tr("Sa&mpling…"), self.show_sampling, key="Ctrl+Shift+S", image="sliders-horizontal"
        )
        self.command(self.tr("&History"), self.toggle_history, key="Ctrl+H", image="history")

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

    def close_page(self) -> None:
        """End all workers."""
        self.talk.close()

    # Chats

    def new_chat(self) -> None:
        """Begin a conversation with the same models. What was written and not sent stays to be sent there."""
        self.notice.hide()
        self._leave_edit()
        self.talk.clear()
        self._mark_chat()

    def open_chat(self, chat_id: str) -> None:
        """Show a chat of the library with its own models."""
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: (chat_id, load(library, chat_id), finished_trainings(library)),
            self._show_chat,
            failed=self.notice.show_error,
            only_newest="open",
        )

    def _show_chat(self, found: tuple[str, Conversation, list[Training]]) -> None:
        chat_id, conversation, trainings = found
        self.notice.hide()
        self._leave_edit()
        bases = [one.base for one in trainings]
        names = {one.adapter_gguf: one.id for one in trainings}
        self._use(
            [
                Answerer(
                    part=part_of(one.model, one.adapter, bases),
                    model=one.model,
                    adapter=one.adapter,
                    training=names.get(one.adapter, "") if one.adapter else "",
                )
                for one in conversation.columns
            ]
        )
        self.talk.show(chat_id, conversation)
        self.system.set_text(conversation.system)
        self._mark_chat()

    def _rename(self, chat_id: str, title: str) -> None:
        library = self.desk.library
        before: list[str] = []
        self.desk.do(
            self.tr("Rename a chat"),
            lambda: before.append(rename_chat(library, chat_id, title)),
            lambda: rename_chat(library, chat_id, before.pop()),
            "chats",
        )

    def _delete(self, chat_id: str) -> None:
        library = self.desk.library
        removed: list[RemovedRows] = []

        def delete() -> None:
            if chat_id == self.talk.chat_id:
                self.new_chat()
            removed.append(delete_chat(library, chat_id))

        self.desk.do(self.tr("Delete a chat"), delete, lambda: put_back(library, removed.pop()), "chats")
        self.desk.say(self.tr("The chat is deleted. Ctrl+Z brings it back."))

    # Messages

    def send(self) -> None:
        """Ask every column what the composer holds."""
        text, task = self.composer.text(), self.composer.task()
        if not text or self.talk.is_busy:
            return
        if not self.talk.answerers:
            self.notice.show_message(
                self.tr("There is no model to ask."),
                self.tr("Choose one for a column."),
                kind="warn",
                action=self.tr("Add a column…"),
                run=self.lineup.add_column,
            )
            return
        self.notice.hide()
        if self._editing is not None:
            number = self._editing
            if not self.talk.cut(number):
                return
            self._leave_edit()
        self.composer.set_text("")
        self._middle.setCurrentWidget(self.view)
        self.talk.send(text, task=task, system=self.system.text(), sampling=self._sampling)

    def again(self) -> None:
        """Let every column answer the last question anew."""
        if self._sampling.temperature == 0 and self.talk.turns and not self.talk.is_busy:
            self.desk.say(self.tr("At temperature 0 the answers are the same again: see Sampling."))
        self.talk.again(self._sampling)

    def edit(self, number: int) -> None:
        """Put a former message into the composer; sending it takes the place of the turns from there on."""
        if self.talk.is_busy or number >= len(self.talk.turns):
            return
        turn = self.talk.turns[number]
        self._put_back(turn)
        later = len(self.talk.turns) - number - 1
        self._editing = number
        words = self.tr("Editing message {}.").format(number + 1)
        if later:
            words += " " + self.tr(
                "Sending it takes the place of all turns from there on; Ctrl+Z undoes that."
            )
        self.composer.set_editing(words)

    def _put_back(self, turn: Turn) -> None:
        if turn.task and turn.task.user_text.strip() == turn.question:
            self.composer.set_task(turn.task)
        else:
            self.composer.set_text(turn.question)

    def _take_back(self, turn: Turn, error: Exception) -> None:
        """Give a message back that could not be stored, unless another one was begun."""
        if not any(self.composer.parts()):
            self._put_back(turn)
        self.notice.show_error(error)
        self._mark_chat()

    def edit_last(self) -> None:
        """Edit the last message."""
        if self.talk.turns:
            self.edit(len(self.talk.turns) - 1)

    def _leave_edit(self) -> None:
        if self._editing is not None:
            self._editing = None
            self.composer.set_editing("")
            self.composer.set_text("")

    def _retry(self, column: int) -> None:
        self.talk.retry(column, self._sampling)

    def _escape(self) -> None:
        if self.talk.is_busy:
            self.talk.stop()
        else:
            self._leave_edit()

    def _ask_example(self, task: Task) -> None:
        self.composer.set_task(task)
        self.send()

    # Models

    def use_models(self, answerers: Sequence[Answerer]) -> None:
        """Ask these models from now on. A chat keeps its models, so this begins another one."""
        last = self.talk.turns[-1].question if self.talk.turns else ""
        had_turns = bool(last) and not self.composer.text()
        self._leave_edit()
        self._use(answerers)
        self._mark_chat()
        if had_turns:
            self.composer.set_text(last)
            self.desk.say(self.tr("Other models, so this is a new chat; the one before is in the history."))

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
            self.notice.show_message(
                self.tr("The base is converted once; the chat begins when that is done.")
            )

    # Tasks and files

    def insert_task(self) -> None:
        """Search the library for a task to ask."""
        popover = TaskPopover(self.desk, self)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.chosen.connect(self.composer.set_task)
        corner = self.composer.mapToGlobal(QPoint(0, 0))
        popover.move(corner.x(), corner.y() - popover.height() - GRID // 2)
        popover.show()
        popover.search.setFocus()

    def save_last_as_task(self) -> None:
        """Make a task of the last message."""
        if self.talk.turns:
            self.save_as_task(len(self.talk.turns) - 1)

    def save_as_task(self, number: int) -> None:
        """Make a task of a message, with a reference from any column or of the user's own."""
        turn = self.talk.turns[number]
        task = turn.task or Task(family="", query=turn.question)
        names = [part_name(self, one.part) for one in self.talk.answerers]
        answers = [(name, answer.content) for name, answer in zip(names, turn.answers, strict=True) if answer]
        dialog = SaveTask(self.desk, task, answers, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(self._save)
        dialog.open()

    def _save(self, task: Task) -> None:
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: add_tasks(library, [task]),
            partial(self._tell_saved, task),
            failed=self.notice.show_error,
        )

    def _tell_saved(self, task: Task, added: Added) -> None:
        """Say what became of a task that was saved, and let Ctrl+Z take it out again."""
        library, deleted = self.desk.library, list[DeletedTasks]()
        if added.added:
            self.desk.do(
                self.tr("Save a task"),
                lambda: [
                    restore_tasks(library, deleted.pop()) for _ in deleted[:1]
                ],  # the first time it is there
                lambda: deleted.append(delete_tasks(library, [task.id])),
                "tasks",
            )
            words = self.tr("Saved as a task of {}.").format(task.family)
        else:
            words = self.tr("This task is in the library already.")
        self.notice.show_message(
            words,
            kind="good" if added.added else "info",
            action=self.tr("Show it"),
            run=lambda: self.desk.open("tasks", task=task.id),
        )

    def _toggle_context(self) -> None:
        self.composer.clip.toggle()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("A text file to reason over"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda text: self._read_file(Path(text)))
        dialog.open()

    def _read_file(self, path: Path) -> None:
        self.desk.background.run(
            self, lambda: read_text(path), self._take_context, failed=self.notice.show_error
        )

    def _take_context(self, text: str) -> None:
        self.notice.hide()
        self.composer.set_context(text)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take a file of this machine."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Make a text file the context."""
        files = local_files(event.mimeData())
        if files:
            event.acceptProposedAction()
            self._read_file(files[0])

    # Settings

    def show_sampling(self) -> None:
        """Show the sampling settings beside their button."""
        popover = SamplingPopover(self, self._sampling)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.closed.connect(lambda: self._keep_sampling(popover))
        popover.adjustSize()
        corner = self.sampling_button.mapToGlobal(
            QPoint(self.sampling_button.width() - popover.width(), self.sampling_button.height())
        )
        popover.move(corner)
        popover.show()
        popover.form.control("temperature").setFocus()

    def toggle_history(self) -> None:
        """Show or hide the list of chats."""
        shown = self.history.isHidden()
        self.history.setVisible(shown)
        self.desk.places.setValue(HISTORY, "shown" if shown else "hidden")

    def _keep_sampling(self, popover: SamplingPopover) -> None:
        try:
            self._sampling = popover.form.value()
        except UserError as error:
            self.notice.show_error(error)
            return
        kept = {name: value for name, value in asdict(self._sampling).items() if name != "stop"}
        self._keep(SAMPLING, kept)

    def _keep_system(self) -> None:
        self._keep(SYSTEM, self.system.text())

    def _keep(self, key: str, value: Any) -> None:
        library = self.desk.library
        self.desk.background.run(self, lambda: set_setting(library, key, value), only_newest=key)

    # Showing

    def _show_offer(self, offer: Offer) -> None:
        self.lineup.trainings = offer.trainings
        self.examples.set_tasks(offer.examples)
        self.system.set_strategies(offer.strategies)
        if not self._is_ready:
            self._sampling = offer.sampling
            if offer.system is not None:
                self.system.set_text(offer.system)
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
