"""The models of a conversation side by side, each of which stays loaded while it is used."""

from collections.abc import Callable, Sequence

from orca_desk.inventory.student_files import can_be_made, served_file
from orca_desk.inventory.templates import override_of
from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder
from orca_desk.machine import usable_cores
from orca_desk.steps.chat.column import ModelColumn, Session
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.session import ChatSession

OpenSession = Callable[[ChatModel, int], Session]


class Columns:
    """The columns of a conversation. Its lock guards them."""

    def __init__(self, open_session: OpenSession) -> None:
        """`open_session` returns a session of a model that uses so many threads."""
        self._open_session = open_session
        self._left: list[ModelColumn] = []
        self.now: tuple[ModelColumn, ...] = ()

    @property
    def models(self) -> tuple[ChatModel, ...]:
        """The model of each column."""
        return tuple(column.model for column in self.now)

    def use(self, models: Sequence[ChatModel]) -> None:
        """Replace the columns unless their models are these. A model starts with its first message."""
        if tuple(models) == self.models:
            return
        for column in self.now:
            column.leave()
        self._left += self.now
        threads = max(1, usable_cores() // max(1, len(models)))
        self.now = tuple(ModelColumn(model, self._open_session(model, threads)) for model in models)

    def wait_for_left(self) -> None:
        """Return when everything that replaced columns held has ended."""
        for column in self._left:
            column.wait()


def sessions_with(library: Library | None) -> OpenSession:
    """Return what opens the session of a model with the chat template and the log of a library."""

    def open_session(model: ChatModel, threads: int) -> ChatSession:
        log = log_folder(library) / "chat.log" if library else None

        def template() -> str | None:
            return override_of(library, model.model) if library else None

        def prepare() -> None:
            if library and can_be_made(library, model.model):
                served_file(library, model.model)

        return ChatSession(
            model.model, model.adapter, threads=threads, template=template, prepare=prepare, log=log
        )

    return open_session
