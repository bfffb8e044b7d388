"""The Chat page: any number of models answer the same message, side by side."""

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import is_mini
from orca_desk.library.chats import branch_chat, delete_chat
from orca_desk.library.tasks import get_task
from orca_desk.method.records import Task
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
from orca_desk.steps.chat.memory import ChatMemory, chat_memory
from orca_desk.steps.chat.models import ChatModel, part_of
from orca_desk.steps.chat.offer import ChatOffer, example_tasks, read_offer, save_models
from orca_desk.steps.chat.sending import ChatChange
from orca_desk.steps.chat.transcript import prompt
from orca_desk.steps.reading import read_in_library
from orca_desk.steps.token_scores import ScoredText
from orca_desk.ui.desk import Desk, Unsaved
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.chat.answer import PART_NAMES
from orca_desk.ui.pages.chat.columns import ModelRow
from orca_desk.ui.pages.chat.composer import Composer, local_files
from orca_desk.ui.pages.chat.conversation_view import ConversationView, ExampleQuestions
from orca_desk.ui.pages.chat.header import ChatHeader
from orca_desk.ui.pages.chat.history import ChatHistory
from orca_desk.ui.pages.chat.settings import ChatSettings
from orca_desk.ui.pages.chat.task_panel import TaskPanel
from orca_desk.ui.pages.chat.turn import TurnActions
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.answer_dialog import AnswerDialog, LookedAt
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.save_file import saved
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.models import MINI_NOTE, memory_warning

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
        Command("&Send the message", lambda page: page.send(), key="Ctrl+Return", image="send"),
        Command("S&top the answers", lambda page: page.escape(), key="Esc", image="square"),
        Command("&Regenerate the answers", lambda page: page.regenerate(), key="Ctrl+R", image="refresh-cw"),
        Command("&Edit the last message", lambda page: page.edit_last(), key="Ctrl+E", image="pencil"),
        Command("&Context before the question", lambda page: page.composer.clip.toggle(), key="Ctrl+Shift+K",
                image="paperclip"),
        Command("&Insert a task…", lambda page: page.tasks.insert(), key="Ctrl+T", image="list-checks"),
        Command("Save the last message as a tas&k…", lambda page: page.save_last(), image="save"),
        Command("&Branch the chat here", lambda page: page.branch_last(), key="Ctrl+Shift+B",
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
        self._memory_of: tuple[object, ...] | None = None  # the choice that `memory_note` is for
        self._shown_error: Exception | None = None
        self._inbox: deque[Event] = deque()
        self.conversation = Conversation(desk.library, self._receive)
        self.view = ConversationView(
            desk.theme,
            TurnActions(
                edit=self.edit,
                save=self.save_turn,
                branch=self.branch,
                regenerate=self.regenerate,
                regenerate_one=self.regenerate_one,
                retry=self.retry,
                look=self.look,
            ),
        )
        self.examples = ExampleQuestions(desk.theme, self.send_task)
        self.models = ModelRow(self, self.use_models, lambda: self.settings.sampling)
        self.history = ChatHistory(desk, self.conversation.forget)
        self.settings = ChatSettings(self)
        self.composer = Composer(self)
        self.tasks = TaskPanel(self, self.composer)
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
        self.mini_note = label(MINI_NOTE, size="caption", tone="muted", wrap=True)
        self.mini_note.hide()
        column.addWidget(self.mini_note)
        self.memory_note = label(size="caption", tone="warn", wrap=True)
        self.memory_note.hide()
        column.addWidget(self.memory_note)
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
        self.desk.models.changed.connect(lambda: self._check_memory(self.models.models))
        self.history.opened.connect(self.open_chat)
        self.history.exporting.connect(self._export)
        self.composer.sent.connect(self.send)
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

    # Messages

    def send(self) -> None:
        """Ask every column what the composer holds: a new message, or an edit of an earlier one."""
        draft, number = self.composer.draft(), self.composer.editing
        if not draft.message or self.conversation.is_busy:
            return
        if not self.conversation.models:
            self._ask_for_model()
            return
        self.notice.hide()
        system, sampling, votes = self.settings.system.text(), self.settings.sampling, self.settings.votes
        own = self.models.own
        if number is None or number >= len(self.conversation.turns):
            was_sent = self.conversation.send(draft, system=system, sampling=sampling, votes=votes, own=own)
        else:
            change = self.conversation.edit(
                number, draft, system=system, sampling=sampling, votes=votes, own=own
            )
            self._make_undoable("edit a message", change)
            was_sent = change is not None
        if was_sent:  # otherwise another thread began an undo in the meantime
            self.composer.end_edit()
            self.composer.clear()
        self._show_news()

    def send_task(self, task: Task) -> None:
        """Ask every column a task."""
        self.composer.set_draft(Draft.of_task(task))
        self.send()

    def regenerate(self) -> None:
        """Let every column answer the last message again."""
        self._regenerate(None)

    def regenerate_one(self, column: int) -> None:
        """Let one column answer the last message again."""
        self._regenerate(column)

    def _regenerate(self, column: int | None) -> None:
        sampling, own = self.settings.sampling, self.models.own
        change = self.conversation.regenerate(sampling, self.settings.votes, column=column, own=own)
        columns = range(len(self.models.models)) if column is None else [column]
        if change and all(own.get(one, sampling).temperature == 0 for one in columns):
            self.desk.say("At temperature 0 the answers won't change. Raise the temperature under Sampling.")
        self._make_undoable("regenerate answers" if column is None else "regenerate an answer", change)
        self._show_news()

    def retry(self, column: int) -> None:
        """Let one column answer the last message, after it failed."""
        self.conversation.retry(column, self.settings.sampling, self.settings.votes, own=self.models.own)
        self._show_news()

    def edit(self, number: int) -> None:
        """Put a message into the composer for editing."""
        turns = self.conversation.turns
        if not self.conversation.is_busy and number < len(turns):
            self.composer.begin_edit(number, Draft.of_turn(turns[number]), is_last=number == len(turns) - 1)

    def look(self, number: int, column: int) -> None:
        """Open an answer with its steps and tokens."""
        turns, models = self.conversation.turns, self.conversation.models
        if number >= len(turns) or column >= len(models):
            return
        turn, model, library = turns[number], models[column], self.desk.library
        answer = turn.answers[column]
        if answer is None:
            return

        def work() -> LookedAt:
            return LookedAt(
                title=f"Answer of {PART_NAMES[model.part].lower()} {model.model.name}",
                response=answer.content,
                reading=read_in_library(
                    library,
                    response=answer.content,
                    question=turn.question,
                    family=turn.task.family if turn.task else "",
                ),
                scored=ScoredText(
                    model=model.model,
                    adapter=model.adapter,
                    messages=tuple(prompt(turns[:number], column, turn)),
                    response=answer.content,
                ),
            )

        self.desk.background.run(
            self,
            work,
            lambda found: AnswerDialog(self.desk, found, self).show(),
            failed=self._show_error_once,
        )

    def edit_last(self) -> None:
        """Put the last message into the composer for editing."""
        if self.conversation.turns:
            self.edit(len(self.conversation.turns) - 1)

    def escape(self) -> None:
        """Stop the answers; without any, cancel the edit."""
        if self.conversation.is_busy:
            self.conversation.stop()
        else:
            self.composer.end_edit(clear=True)

    def save_turn(self, number: int) -> None:
        """Let the user save a message as a task."""
        self.tasks.save(self.conversation.turns[number], self.conversation.models)

    def save_last(self) -> None:
        """Let the user save the last message as a task."""
        if self.conversation.turns:
            self.save_turn(len(self.conversation.turns) - 1)

    def branch(self, number: int) -> None:
        """Go on in a copy of the chat that ends with the answers to a message; the chat itself stays."""
        library, chat_id = self.desk.library, self.conversation.chat_id
        if self.conversation.is_busy or not chat_id:
            return

        def undo(copy: str) -> None:
            self.conversation.forget(copy)
            delete_chat(library, copy)

        def undone() -> None:
            if not self.conversation.chat_id:  # it was on screen
                self.open_chat(chat_id)

        self.desk.do(
            "branch a chat",
            lambda: branch_chat(library, chat_id, number),
            undo,
            "chats",
            then=self._go_on_in,
            undone=undone,
            failed=self._show_error_once,
        )

    def branch_last(self) -> None:
        """Go on in a copy of the whole chat."""
        if self.conversation.turns:
            self.branch(len(self.conversation.turns) - 1)

    def _go_on_in(self, copy: str) -> None:
        self.open_chat(copy)
        self.desk.say("This is a branch. The original chat is unchanged; it is in History.")

    def export_chat(self) -> None:
        """Save the chat on screen as a file."""
        if not self.conversation.chat_id:
            self.notice.show_message("There is no chat to export yet.", "Ask something first.")
            return
        self.history.export(self.conversation.chat_id)

    def _make_undoable(self, text: str, change: ChatChange | None) -> None:
        if change:
            self.desk.do(text, change.apply, lambda _: change.undo(), "chats", failed=self._show_error_once)

    def _ask_for_model(self) -> None:
        self.notice.show_message(
            "There is no model to ask.",
            "Choose a model for a column.",
            kind="warn",
            action="Add a column…",
            run=self.models.add_column,
        )

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
            self._give_back(event)
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
        self.mini_note.setVisible(any(is_mini(one.model) for one in shown.models))
        self._check_memory(shown.models)
        if shown.opened:
            self.notice.hide()
            self.settings.system.set_text(shown.system)
        if self.composer.editing is not None:
            self.composer.end_edit(clear=True)
        self._middle.setCurrentWidget(self.view if shown.turns else self._start)
        self._select_chat()

    def _check_memory(self, models: Sequence[ChatModel]) -> None:
        """Warn of columns that do not fit in memory together; once for each choice, as answering fills it."""
        known = tuple(self.desk.models.of("gguf"))
        if (wanted := (tuple(models), known)) == self._memory_of:
            return
        self._memory_of = wanted

        def show(found: ChatMemory) -> None:
            self.memory_note.setText(memory_warning(found, len(models)))
            self.memory_note.setVisible(not found.fits)

        self.desk.background.run(self, lambda: chat_memory(models, known), show, only_newest="memory")

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

    def _give_back(self, event: NotStored) -> None:
        """Return a message that was not stored to the composer, unless the user has begun another one."""
        draft = self.composer.draft()
        if event.unsent and not draft.question.strip() and not draft.context.strip():
            self.composer.set_draft(Draft.of_turn(event.unsent))
        self._show_error_once(event.error)

    def _show_error_once(self, error: Exception) -> None:
        """Show an error on the page. A failed edit tells it twice: as an event and as a failed change."""
        if error is not self._shown_error:
            self._shown_error = error
            self.notice.show_error(error)

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
