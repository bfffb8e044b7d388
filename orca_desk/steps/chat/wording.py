"""The words for the columns of a chat, on screen and in what is exported."""

from collections.abc import Sequence
from dataclasses import fields

from orca_desk.method.records import Sampling
from orca_desk.steps.chat.models import ChatModel, Part

PART_NAMES: dict[Part, str] = {"student": "Tuned student", "base": "Untuned base", "teacher": "Teacher"}


def column_name(model: ChatModel) -> str:
    """Return a column's name: its role, its file, and its adapter."""
    adapter = f" with {model.training or model.adapter.name}" if model.adapter else ""
    return f"{PART_NAMES[model.part]}: {model.model.name}{adapter}"


def column_names(models: Sequence[ChatModel]) -> list[str]:
    """Return the columns' names, with the number of the column where several have the same one."""
    names = [column_name(model) for model in models]
    return [
        f"{name} (column {number})" if names.count(name) > 1 else name for number, name in enumerate(names, 1)
    ]


def sampling_text(sampling: Sampling) -> str:
    """Return the temperature, and what else is not as usual: "temperature 0.7, top k 20"."""
    effective, usual = sampling.effective, Sampling()
    names = [one.name for one in fields(Sampling) if one.name != "stop"]
    told = [
        name for name in names if name == "temperature" or getattr(effective, name) != getattr(usual, name)
    ]
    return ", ".join(f"{name.replace('_', ' ')} {getattr(effective, name):g}" for name in told)
