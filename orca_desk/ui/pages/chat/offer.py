"""What the Chat page reads of the library: what it offers at first, and a chat with its models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting
from orca_desk.library.strategies import current_strategies
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.conversation import Conversation, load
from orca_desk.steps.chat.models import (
    Answerer,
    bundled,
    finished_trainings,
    needs_conversion,
    of_training,
    part_of,
)
from orca_desk.ui.pages.chat.examples import example_tasks

SAMPLING, SYSTEM = "chat.sampling", "chat.system"  # library settings


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the page reads of the library before it can be used."""

    trainings: list[Training]
    answerers: list[Answerer]
    examples: list[Task]
    strategies: dict[str, Strategy]
    sampling: Sampling
    system: str | None


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A chat of the library, and the models of its columns."""

    chat_id: str
    conversation: Conversation
    answerers: list[Answerer]


def read_offer(library: Library) -> Offer:
    """Read all of it: the newest finished training's models come first, else the bundled ones."""
    trainings = finished_trainings(library)
    answerers: list[Answerer] = []
    if trainings and not needs_conversion(library, trainings[0].id):
        try:
            answerers = of_training(library, trainings[0].id, progress=silent, control=JobControl())
        except UserError:  # its base is gone: the bundled ones are there
            answerers = []
    return Offer(
        trainings=trainings,
        answerers=answerers or bundled(),
        examples=example_tasks(library),
        strategies=current_strategies(library),
        sampling=_sampling(get_setting(library, SAMPLING, {})),
        system=get_setting(library, SYSTEM),
    )


def read_chat(library: Library, chat_id: str) -> Opened:
    """Read a chat. Raises UserError when there is none."""
    conversation, trainings = load(library, chat_id), finished_trainings(library)
    bases = [one.base for one in trainings]
    names = {one.adapter_gguf: one.id for one in trainings}
    answerers = [
        Answerer(
            part=part_of(one.model, one.adapter, bases),
            model=one.model,
            adapter=one.adapter,
            training=names.get(one.adapter, "") if one.adapter else "",
        )
        for one in conversation.columns
    ]
    return Opened(chat_id=chat_id, conversation=conversation, answerers=answerers)


def _sampling(stored: Mapping[str, Any]) -> Sampling:
    """Return the settings that were kept, or the defaults where they are of another version."""
    try:
        return Sampling(**stored)
    except (TypeError, UserError):
        return Sampling()
