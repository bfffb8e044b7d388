"""The words for the columns of a chat, on screen and in what is exported."""

from orca_desk.steps.chat.models import ChatModel, Part

PART_NAMES: dict[Part, str] = {"student": "Tuned student", "base": "Untuned base", "teacher": "Teacher"}


def column_name(model: ChatModel) -> str:
    """Return a column's name: its role, its file, and its adapter."""
    adapter = f" with {model.training or model.adapter.name}" if model.adapter else ""
    return f"{PART_NAMES[model.part]}: {model.model.name}{adapter}"
