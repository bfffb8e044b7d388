"""What a chat offers before its first message: models, example questions, the settings last used."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.locations import resolve_path, stored_path
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, families, list_tasks
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import Strategy
from orca_desk.processes.progress import JobControl, silent
from orca_desk.steps.chat.column_sampling import NONE, OwnSampling, sampling_as_json, sampling_of
from orca_desk.steps.chat.models import (
    ChatModel,
    finished_trainings,
    mini_models,
    needs_conversion,
    training_models,
)
from orca_desk.steps.chat.voting import MOST_VOTES

SAMPLING, SYSTEM, MODELS = "chat.sampling", "chat.system", "chat.models"  # names of library settings
VOTES = "chat.votes"
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
    votes: int = 1  # how often a message was last asked
    own: OwnSampling = field(
        default_factory=dict
    )  # of the columns in `models` that do not sample as the others do


def read_offer(library: Library) -> ChatOffer:
    """Read the offer. Its models are those last chosen, even if one is missing now.

    If a training has finished since then, they are that one's; without any, the bundled ones.
    """
    trainings = finished_trainings(library)
    newest = trainings[0].id if trainings else ""
    saved, own = _saved_models(library, newest)
    return ChatOffer(
        trainings=trainings,
        models=saved or _trained_models(library, newest) or mini_models(),
        own=own,
        examples=example_tasks(library),
        strategies=current_strategies(library),
        sampling=sampling_of(get_setting(library, SAMPLING, {})) or Sampling(),
        system=get_setting(library, SYSTEM),
        votes=_votes(get_setting(library, VOTES, 1)),
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
    set_setting(library, SAMPLING, sampling_as_json(sampling))


def save_votes(library: Library, votes: int) -> None:
    """Save how often a message is asked, for the next chat."""
    set_setting(library, VOTES, votes)


def save_models(library: Library, models: Sequence[ChatModel], own: OwnSampling = NONE) -> None:
    """Save the models and their own sampling for the next chat, until the next training finishes."""
    trainings = finished_trainings(library)
    columns = [
        {
            "part": one.part,
            "model": stored_path(library, one.model),
            "adapter": stored_path(library, one.adapter) if one.adapter else None,
            "training": one.training,
            "sampling": sampling_as_json(own[column]) if column in own else None,
        }
        for column, one in enumerate(models)
    ]
    newest = trainings[0].id if trainings else ""
    set_setting(library, MODELS, {"newest_training": newest, "columns": columns})


def save_system(library: Library, system: str) -> None:
    """Save the system message for the next chat."""
    set_setting(library, SYSTEM, system)


def _saved_models(library: Library, newest_training: str) -> tuple[list[ChatModel], OwnSampling]:
    """Return the saved models with their own sampling.

    There are none if a training has finished since, or if another version saved them.
    """
    found: list[ChatModel] = []
    own: dict[int, Sampling] = {}
    match get_setting(library, MODELS, {}):
        case {"newest_training": str(newest), "columns": list(columns)} if newest == newest_training:
            for column in columns:
                if (model := _saved_model(library, column)) is None:
                    continue
                if sampling := sampling_of(column.get("sampling")):
                    own[len(found)] = sampling
                found.append(model)
    return found, own


def _saved_model(library: Library, column: Any) -> ChatModel | None:
    match column:
        case {
            "part": "student" | "base" | "teacher" as part,
            "model": str(model),
            "adapter": str() | None as adapter,
            "training": str(training),
        }:
            return ChatModel(
                part=part,
                model=resolve_path(library, model),
                adapter=resolve_path(library, adapter) if adapter else None,
                training=training,
            )
    return None


def _trained_models(library: Library, training_id: str) -> list[ChatModel]:
    """Return a training's models if they can be used at once."""
    try:
        if training_id and not needs_conversion(library, training_id):
            return training_models(library, training_id, progress=silent, control=JobControl())
    except UserError:  # its base is missing
        pass
    return []


def _votes(stored: Any) -> int:
    """Return the saved number, or 1 if another version of the app saved something else."""
    return stored if isinstance(stored, int) and 1 <= stored <= MOST_VOTES else 1
