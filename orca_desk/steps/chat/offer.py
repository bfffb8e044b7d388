"""What a chat offers before its first message: models, example questions, the settings last used."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, families, list_tasks
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.models import (
    ChatModel,
    finished_trainings,
    mini_models,
    needs_conversion,
    training_models,
)

SAMPLING, SYSTEM = "chat.sampling", "chat.system"  # names of library settings
WORKED_EXAMPLE = "worked-example"  # the tag of the task that the demo asks
EXAMPLES = 3
MOST_FOUND = 50  # tasks of each split


@dataclass(frozen=True, kw_only=True)
class ChatOffer:
    """All that a chat needs from the library before its first message."""

    trainings: list[Training]
    models: list[ChatModel]
    examples: list[Task]
    strategies: dict[str, Strategy]
    sampling: Sampling
    system: str | None  # the system message last used, if any


def read_offer(library: Library) -> ChatOffer:
    """Read the offer. Its models are those of the newest finished training, otherwise the bundled ones."""
    trainings = finished_trainings(library)
    models: list[ChatModel] = []
    if trainings and not needs_conversion(library, trainings[0].id):
        try:
            models = training_models(library, trainings[0].id, progress=silent, control=JobControl())
        except UserError:  # its base is missing
            models = []
    return ChatOffer(
        trainings=trainings,
        models=models or mini_models(),
        examples=example_tasks(library),
        strategies=current_strategies(library),
        sampling=_sampling(get_setting(library, SAMPLING, {})),
        system=get_setting(library, SYSTEM),
    )


def example_tasks(library: Library) -> list[Task]:
    """Return three tasks to begin with: the worked example, and held-out ones of other families."""
    found = list(list_tasks(library, TaskFilter(tag=WORKED_EXAMPLE, limit=1)).items)
    for family in families(library):
        if len(found) < EXAMPLES and family.family not in {task.family for task in found}:
            wanted = TaskFilter(family=family.family, split="heldout", has_answer=True, limit=1)
            found += list_tasks(library, wanted).items
    return found


def find_tasks(library: Library, text: str) -> list[Task]:
    """Return some tasks with these words, held-out ones first, since no training has seen them."""
    wanted = TaskFilter(text=text or None, limit=MOST_FOUND)
    held_out = list_tasks(library, replace(wanted, split="heldout")).items
    return [*held_out, *list_tasks(library, replace(wanted, split="train")).items]


def save_sampling(library: Library, sampling: Sampling) -> None:
    """Save the sampling settings for the next chat."""
    set_setting(
        library, SAMPLING, {name: value for name, value in asdict(sampling).items() if name != "stop"}
    )


def save_system(library: Library, system: str) -> None:
    """Save the system message for the next chat."""
    set_setting(library, SYSTEM, system)


def _sampling(stored: Mapping[str, Any]) -> Sampling:
    """Return the saved settings, or the defaults if another version of the app saved them."""
    try:
        return Sampling(**stored)
    except (TypeError, UserError):
        return Sampling()
