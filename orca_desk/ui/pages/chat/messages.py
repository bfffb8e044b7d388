"""What the user does with messages: sends one, edits a former one, has the last one answered again."""

from PySide6.QtCore import QObject, Signal

from orca_desk.method.records import Task
from orca_desk.steps.chat.conversation import Turn
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.chat.composer import Composer
from orca_desk.ui.pages.chat.settings import ChatSettings
from orca_desk.ui.pages.chat.talk import Talk


class Messages(QObject):
    """Stands between the composer and the conversation, and knows which former message is edited."""

    sending = Signal()
    nobody = Signal()  # there is no model to ask

    def __init__(self, desk: Desk, talk: Talk, composer: Composer, settings: ChatSettings) -> None:
        super().__init__(talk)
        self._desk, self._talk, self._composer, self._settings = desk, talk, composer, settings
        self._editing: int | None = None

    def send(self) -> None:
        """Ask every column what the composer holds."""
        text, task = self._composer.text(), self._composer.task()
        if not text or self._talk.is_busy:
            return
        if not self._talk.answerers:
            self.nobody.emit()
            return
        settings = self._settings
        system, sampling = settings.system.text(), settings.sampling

        def ask() -> None:
            self._talk.send(text, task=task, system=system, sampling=sampling)

        edited = self._editing
        self.leave_edit()
        self._composer.set_text("")
        self.sending.emit()
        if edited is None:
            ask()
        else:
            self._talk.cut(edited, ask)

    def send_task(self, task: Task) -> None:
        """Ask every column a task."""
        self._composer.set_task(task)
        self.send()

    def again(self) -> None:
        """Let every column answer the last question anew."""
        sampling = self._settings.sampling
        if sampling.temperature == 0 and self._talk.turns and not self._talk.is_busy:
            self._desk.say("At temperature 0 the answers are the same again: see Sampling.")
        self._talk.again(sampling)

    def retry(self, column: int) -> None:
        """Let one column answer the last question, after it failed."""
        self._talk.retry(column, self._settings.sampling)

    def edit(self, number: int) -> None:
        """Put a former message into the composer; sending it takes the place of the turns from there on."""
        if self._talk.is_busy or number >= len(self._talk.turns):
            return
        self.put_back(self._talk.turns[number])
        self._editing = number
        words = f"Editing message {number + 1}."
        if number + 1 < len(self._talk.turns):
            words += " " + "Sending it takes the place of all turns from there on; Ctrl+Z undoes that."
        self._composer.set_editing(words)

    def edit_last(self) -> None:
        """Edit the last message."""
        if self._talk.turns:
            self.edit(len(self._talk.turns) - 1)

    def put_back(self, turn: Turn) -> None:
        """Put a turn's question into the composer: as its task, where it was one."""
        if turn.task and turn.task.user_text.strip() == turn.question:
            self._composer.set_task(turn.task)
        else:
            self._composer.set_text(turn.question)

    def leave_edit(self) -> None:
        """Leave the message that is edited as it was."""
        if self._editing is not None:
            self._editing = None
            self._composer.set_editing("")
            self._composer.set_text("")

    def escape(self) -> None:
        """Stop the answers, or leave an edit where none is on its way."""
        if self._talk.is_busy:
            self._talk.stop()
        else:
            self.leave_edit()
