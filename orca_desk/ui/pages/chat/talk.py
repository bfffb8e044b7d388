"""The conversation at work: asks the columns' models, shows what comes at a steady pace, edits and undoes."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from orca_desk.errors import UserError
from orca_desk.library.chats import (
    ChatMessage,
    RemovedRows,
    ask_columns,
    columns,
    create_columns,
    cut_chat,
    put_back,
)
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.chat.asking import Asker, Reply
from orca_desk.steps.chat.conversation import Conversation, Turn, load, prompt, title_of
from orca_desk.steps.chat.models import Answerer
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.chat.turns import part_name
from orca_desk.ui.pages.chat.view import ConversationView

TICK_MS = 50  # twenty times a second what has come is shown
TICK_SECONDS = 0.012  # of rendering in one tick; what is left waits for the next
LARGEST_SEED = 2**31 - 1


class Talk(QObject):
    """One conversation at a time: its chat in the library, its turns on the view, its models in workers.

    All of it is used in the GUI's thread; askers work in threads of their own, the library in the background.
    """

    busy_changed = Signal(bool)
    began = Signal()  # a chat that is new in the library
    unsent = Signal(object, object)  # a turn whose question could not be stored, and why
    _rewritten = Signal(str)  # a chat whose turns were changed by undo or redo
    context_known = Signal(int, int)  # a column, and how many tokens its model can look at

    def __init__(self, desk: Desk, view: ConversationView) -> None:
        super().__init__(view)
        self._desk, self._view = desk, view
        self.answerers: list[Answerer] = []
        self.chat_id = ""
        self.turns: list[Turn] = []
        self._ids: list[str] = []  # of the chat's columns
        self._stored_system = ""
        self._askers: list[Asker | None] = []
        self._leaving: list[Asker] = []  # of models that are no longer asked, until their workers are gone
        self._replies: dict[int, Reply] = {}
        self._visit = 0  # counts the conversations that were shown
        self._starting = self._stopped_early = False
        self._attempt = 0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._rewritten.connect(self.reload)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._starting or bool(self._replies)

    def set_answerers(self, answerers: Sequence[Answerer]) -> None:
        """Use other models; begins another conversation."""
        self.clear()
        if list(answerers) == self.answerers:
            return
        self._let_go()
        self.answerers = list(answerers)
        self._askers = [None] * len(self.answerers)
        self._show()

    def clear(self) -> None:
        """Begin a new conversation. An answer on its way ends, and what came of it is kept."""
        self.stop()
        self._visit += 1
        self._replies.clear()
        self._starting = False
        self.chat_id, self._ids, self.turns = "", [], []
        self._show()
        self._settle()

    def show(self, chat_id: str, conversation: Conversation) -> None:
        """Show a conversation of the library, whose columns are the answerers."""
        self.clear()
        self.chat_id = chat_id
        self._ids = [column.id for column in conversation.columns]
        self.turns = conversation.turns
        self._stored_system = conversation.system
        self._show()

    def send(self, text: str, *, task: Task | None, system: str, sampling: Sampling) -> None:
        """Ask every column."""
        if self.is_busy or not text or not self.answerers:
            return
        count = len(self.answerers)
        turn = Turn(question=text, system=system, task=task, answers=[None] * count, verdicts=[None] * count)
        before = list(self.turns)
        self.turns.append(turn)
        self._attempt = 0
        view = self._view.add_turn(turn)
        for answer in view.answers:
            answer.begin()
        self._start(before, turn, sampling)

    def again(self, sampling: Sampling) -> None:
        """Let every column answer the last question anew, with the next seed."""
        if self.is_busy or not self.turns or not self._ids:
            return
        self._attempt += 1
        seeded = replace(sampling, seed=(sampling.seed + self._attempt) % LARGEST_SEED)

        def ask() -> None:
            self._ask(self.turns[:-1], self.turns[-1], seeded, range(len(self.answerers)))

        self.cut(len(self.turns) - 1, ask, keep_question=True)

    def retry(self, column: int, sampling: Sampling) -> None:
        """Let one column answer the last question, after it failed."""
        if self.is_busy or not self.turns or not self._ids:
            return
        self._ask(self.turns[:-1], self.turns[-1], sampling, [column])

    def cut(self, number: int, then: Callable[[], None], *, keep_question: bool = False) -> None:
        """Delete a question and all after it, undoably; with `keep_question` only the answers to it."""
        library, chat_id, visit = self._desk.library, self.chat_id, self._visit
        is_redone: list[bool] = []

        def work() -> RemovedRows:
            if is_redone:
                self._discard(chat_id)
            removed = cut_chat(library, chat_id, number, keep_question=keep_question)
            if is_redone:
                self._rewritten.emit(chat_id)
            is_redone.append(True)
            return removed

        def undo(removed: RemovedRows) -> None:
            self._discard(chat_id)
            put_back(library, removed)
            self._rewritten.emit(chat_id)

        def done(_: RemovedRows) -> None:
            if visit == self._visit:
                self._starting = False
                self._drop(number, keep_question=keep_question)
                if self._stopped_early:
                    self._settle()
                else:
                    then()

        def failed(error: Exception) -> None:
            if visit == self._visit:
                self._starting = False
                self._settle()
            self._desk.report(error)

        self._abandon(chat_id)
        self._starting, self._stopped_early = True, False
        text = "Answer again" if keep_question else "Edit a message"
        self._desk.do(text, work, undo, "chats", then=done, failed=failed)

    def stop(self) -> None:
        """End the answers soon; what came of them is kept."""
        for column in self._replies:
            asker = self._askers[column]
            if asker:
                asker.stop()
        self._stopped_early = self._starting  # the question is being stored; nobody will be asked

    def close(self) -> None:
        """End all workers and threads; what came of answers is kept."""
        self._timer.stop()
        askers = [*self._leaving, *filter(None, self._askers)]
        for asker in askers:
            asker.kill()
        for asker in askers:
            asker.close()

    def reload(self, chat_id: str) -> None:
        """Read the conversation again, if it is the one that is shown."""
        if chat_id != self.chat_id:
            return
        library, visit = self._desk.library, self._visit

        def shown(conversation: Conversation) -> None:
            if visit == self._visit and self.chat_id == chat_id:
                self.show(chat_id, conversation)

        self._desk.background.run(self, lambda: load(library, chat_id), shown, failed=self._gone)

    def _gone(self, error: Exception) -> None:
        if isinstance(error, UserError):  # deleted meanwhile
            self.clear()
        else:
            self._desk.report(error)

    def _start(self, before: list[Turn], turn: Turn, sampling: Sampling) -> None:
        """Store the question, beginning a chat if there is none, then ask."""
        library, chat_id, visit = self._desk.library, self.chat_id, self._visit
        models = [(one.model, one.adapter) for one in self.answerers]
        turns = [ChatMessage(role="user", content=turn.question, task=turn.task.id if turn.task else None)]
        if chat_id and turn.system != self._stored_system:
            turns.insert(0, ChatMessage(role="system", content=turn.system))

        def store() -> list[str]:
            first = chat_id
            if not first:
                title = title_of(turn.question)
                made = create_columns(library, title=title, models=models, system=turn.system)
                first = made[0].id
            ask_columns(library, first, turns)
            return [column.id for column in columns(library, first)]

        def stored(ids: list[str]) -> None:
            if visit != self._visit:
                self._desk.tell("chats")
                return
            self._starting = False
            self.chat_id, self._ids, self._stored_system = ids[0], ids, turn.system
            if not chat_id:
                self.began.emit()
            if not self._stopped_early:
                self._ask(before, turn, sampling, range(len(ids)))
                return
            self._show()
            self._settle()
            self._desk.tell("chats")

        def failed(error: Exception) -> None:
            if visit != self._visit:
                self._desk.report(error)
                return
            self._starting = False
            self._drop(len(before), keep_question=False)
            self._settle()
            self.unsent.emit(turn, error)

        self._starting, self._stopped_early = True, False
        self.busy_changed.emit(True)
        self._view.set_busy(True)
        self._desk.background.run(self, store, stored, failed=failed)

    def _ask(self, before: list[Turn], turn: Turn, sampling: Sampling, wanted: Sequence[int]) -> None:
        view = self._view.last()
        for column in wanted:
            turn.answers[column] = turn.verdicts[column] = None
            if view:
                view.answers[column].begin()
            sent = prompt(before, column, turn.question, turn.system)
            self._replies[column] = self._asker(column).ask(self._ids[column], sent, sampling, task=turn.task)
        self._timer.start()
        self.busy_changed.emit(True)
        self._view.set_busy(True)

    def _asker(self, column: int) -> Asker:
        asker = self._askers[column]
        if asker is None:
            threads = max(1, _processors() // len(self.answerers))
            asker = Asker(self._desk.library, self.answerers[column], threads=threads)
            self._askers[column] = asker
        return asker

    def _tick(self) -> None:
        """Show what has come, for as long as the screen may stand still; another column first next time."""
        view, began = self._view.last(), time.perf_counter()
        for column, reply in list(self._replies.items()):
            ending = reply.ending  # read first: all of its pieces are there before it
            if view:
                view.answers[column].add(reply)
            if ending is not None:
                del self._replies[column]
                turn = self.turns[-1]
                turn.answers[column], turn.verdicts[column] = ending.answer, ending.verdict
                if view:
                    view.answers[column].finish(ending)
                if ending.context:
                    self.context_known.emit(column, ending.context)
                if ending.error is not None and not isinstance(ending.error, UserError):
                    self._desk.report(ending.error)
            else:  # to the end of the line
                self._replies[column] = self._replies.pop(column)
            if time.perf_counter() - began > TICK_SECONDS:
                break
        if not self._replies:
            self._settle()
            self._desk.tell("chats")

    def _settle(self) -> None:
        if not self.is_busy:
            self._timer.stop()
            self._view.set_busy(False)
            self.busy_changed.emit(False)

    def _discard(self, chat_id: str) -> None:
        """Store nothing more of the answers that a chat is getting. Any thread may call this."""
        if chat_id == self.chat_id:
            for reply in list(self._replies.values()):
                reply.discard()

    def _abandon(self, chat_id: str) -> None:
        """Stop the answers of a chat whose turns are about to change, and keep nothing more of them."""
        if chat_id != self.chat_id:
            return
        for reply in self._replies.values():
            reply.discard()
        self.stop()
        self._replies.clear()
        self._settle()

    def _drop(self, number: int, *, keep_question: bool) -> None:
        if not keep_question:
            del self.turns[number:]
            self._view.cut(number)
            return
        turn = self.turns[number]
        turn.answers = [None] * len(self.answerers)
        turn.verdicts = [None] * len(self.answerers)
        self._show()

    def _show(self) -> None:
        parts = [(one.part, part_name(self._view, one.part)) for one in self.answerers]
        self._view.show_turns(self.turns, parts)

    def _let_go(self) -> None:
        """End the workers of models that are no longer asked, off the event loop."""
        for asker in filter(None, self._askers):
            asker.kill()
            self._leaving.append(asker)
            self._desk.background.run(self, asker.close, partial(self._left, asker))
        self._askers = []

    def _left(self, asker: Asker, _nothing: None) -> None:
        self._leaving.remove(asker)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
