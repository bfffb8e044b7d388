"""What the user does with messages: send, edit, regenerate, stop, look closer, branch, save as tasks."""

from collections.abc import Callable
from typing import Any

from orca_desk.library.chats import branch_chat
from orca_desk.library.deleting.kinds import Kind
from orca_desk.method.records import Task
from orca_desk.steps.chat.asking import Asking
from orca_desk.steps.chat.conversation import Conversation
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.chat.events import NotStored
from orca_desk.steps.chat.sending import ChatChange
from orca_desk.steps.chat.transcript import prompt
from orca_desk.steps.reading import read_in_library
from orca_desk.steps.tidy.deletion import delete, plan_deletion
from orca_desk.steps.token_scores import ScoredText
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.answer import PART_NAMES
from orca_desk.ui.pages.chat.columns import ModelRow
from orca_desk.ui.pages.chat.composer import Composer
from orca_desk.ui.pages.chat.settings import ChatSettings
from orca_desk.ui.pages.chat.task_panel import TaskPanel
from orca_desk.ui.widgets.answer_dialog import AnswerDialog, LookedAt


class ChatMessages:
    """Takes what is to be asked from the parts of the page, and has the conversation ask it."""

    def __init__(
        self,
        page: Page,
        conversation: Conversation,
        *,
        models: ModelRow,
        settings: ChatSettings,
        composer: Composer,
        tasks: TaskPanel,
        show_news: Callable[[], Any],
        open_chat: Callable[[str], Any],
    ) -> None:
        """`show_news` shows at once what the conversation tells; `open_chat` goes on in another chat."""
        self._page, self._desk, self._conversation = page, page.desk, conversation
        self._models, self._settings, self._composer, self._tasks = models, settings, composer, tasks
        self._show_news, self._open_chat = show_news, open_chat
        self._shown_error: Exception | None = None

    def send(self) -> None:
        """Ask every column what the composer holds: a new message, or an edit of an earlier one."""
        draft, number = self._composer.draft(), self._composer.editing
        if not draft.message or self._conversation.is_busy:
            return
        if not self._conversation.models:
            self._ask_for_model()
            return
        self._page.notice.hide()
        asking, system = self._asking(), self._settings.system.text()
        if number is None or number >= len(self._conversation.turns):
            was_sent = self._conversation.send(draft, asking, system=system)
        else:
            change = self._conversation.edit(number, draft, asking, system=system)
            self._make_undoable("edit a message", change)
            was_sent = change is not None
        if was_sent:  # otherwise another thread began an undo in the meantime
            self._composer.end_edit()
            self._composer.clear()
        self._show_news()

    def send_task(self, task: Task) -> None:
        """Ask every column a task."""
        self._composer.set_draft(Draft.of_task(task))
        self.send()

    def regenerate(self) -> None:
        """Let every column answer the last message again."""
        self._regenerate(None)

    def regenerate_one(self, column: int) -> None:
        """Let one column answer the last message again."""
        self._regenerate(column)

    def _regenerate(self, column: int | None) -> None:
        asking = self._asking()
        change = self._conversation.regenerate(asking, column=column)
        columns = range(len(self._models.models)) if column is None else [column]
        if change and all(asking.of(one).temperature == 0 for one in columns):
            self._desk.say("At temperature 0 the answers won't change. Raise the temperature under Sampling.")
        self._make_undoable("regenerate answers" if column is None else "regenerate an answer", change)
        self._show_news()

    def retry(self, column: int) -> None:
        """Let one column answer the last message, after it failed."""
        self._conversation.retry(column, self._asking())
        self._show_news()

    def edit(self, number: int) -> None:
        """Put a message into the composer for editing."""
        turns = self._conversation.turns
        if not self._conversation.is_busy and number < len(turns):
            self._composer.begin_edit(number, Draft.of_turn(turns[number]), is_last=number == len(turns) - 1)

    def look(self, number: int, column: int) -> None:
        """Open an answer with its steps and tokens."""
        turns, models = self._conversation.turns, self._conversation.models
        if number >= len(turns) or column >= len(models):
            return
        turn, model, library = turns[number], models[column], self._desk.library
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

        self._desk.background.run(
            self._page,
            work,
            lambda found: AnswerDialog(self._desk, found, self._page).show(),
            failed=self._show_error_once,
        )

    def edit_last(self) -> None:
        """Put the last message into the composer for editing."""
        if self._conversation.turns:
            self.edit(len(self._conversation.turns) - 1)

    def escape(self) -> None:
        """Stop the answers; without any, cancel the edit."""
        if self._conversation.is_busy:
            self._conversation.stop()
        else:
            self._composer.end_edit(clear=True)

    def save_turn(self, number: int) -> None:
        """Let the user save a message as a task."""
        self._tasks.save(self._conversation.turns[number], self._conversation.models)

    def save_last(self) -> None:
        """Let the user save the last message as a task."""
        if self._conversation.turns:
            self.save_turn(len(self._conversation.turns) - 1)

    def branch(self, number: int) -> None:
        """Go on in a copy of the chat that ends with the answers to a message; the chat itself stays."""
        library, chat_id = self._desk.library, self._conversation.chat_id
        if self._conversation.is_busy or not chat_id:
            return

        def undo(copy: str) -> None:
            self._conversation.forget(copy)
            delete(library, plan_deletion(library, Kind.CHAT, [copy]))  # with what was said in it since

        def undone() -> None:
            if not self._conversation.chat_id:  # it was on screen
                self._open_chat(chat_id)

        self._desk.do(
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
        if self._conversation.turns:
            self.branch(len(self._conversation.turns) - 1)

    def give_back(self, event: NotStored) -> None:
        """Return a message that was not stored to the composer, unless the user has begun another one."""
        draft = self._composer.draft()
        if event.unsent and not draft.question.strip() and not draft.context.strip():
            self._composer.set_draft(Draft.of_turn(event.unsent))
        self._show_error_once(event.error)

    def _go_on_in(self, copy: str) -> None:
        self._open_chat(copy)
        self._desk.say("This is a branch. The original chat is unchanged; it is in History.")

    def _asking(self) -> Asking:
        return Asking(sampling=self._settings.sampling, votes=self._settings.votes, own=self._models.own)

    def _make_undoable(self, text: str, change: ChatChange | None) -> None:
        if change:
            self._desk.do(text, change.apply, lambda _: change.undo(), "chats", failed=self._show_error_once)

    def _ask_for_model(self) -> None:
        self._page.notice.show_message(
            "There is no model to ask.",
            "Choose a model for a column.",
            kind="warn",
            action="Add a column…",
            run=self._models.add_column,
        )

    def _show_error_once(self, error: Exception) -> None:
        """Show an error on the page. A failed edit tells it twice: as an event and as a failed change."""
        if error is not self._shown_error:
            self._shown_error = error
            self._page.notice.show_error(error)
