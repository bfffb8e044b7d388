"""How much memory the columns of a chat take together: each one keeps its model loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orca_desk.machine.room import room_for
from orca_desk.models.fits import teaching_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.chat.models import ChatModel


@dataclass(frozen=True, kw_only=True)
class ChatMemory:
    """An estimate in bytes of what columns need, and of what is free for them."""

    needed: int
    available: int

    @property
    def fits(self) -> bool:
        """Whether all columns fit."""
        return self.needed <= self.available


def chat_memory(
    models: Sequence[ChatModel], known: Sequence[ModelFile], *, available: int | None = None
) -> ChatMemory:
    """Estimate what the models of some columns take together; those that are not `known` count as nothing.

    `available` is in bytes of the computer's memory (None: what is free where llama.cpp puts a model). There,
    columns with the same file share its weights.
    """
    files = {one.path: one for one in known}
    chosen = [files[one.model] for one in models if one.model in files]
    room = room_for("llama") if available is None else None
    on_device = room is not None and bool(room.devices)
    free = room.free if room is not None else available or 0
    needed, shared = 0, set[Path]()
    for model in chosen:
        # Each column plans with what the ones before it leave
        fit = teaching_fit(model, batch=1, available=None if on_device else max(0, free - needed))
        free += fit.elsewhere if model is chosen[0] else 0
        parts = dict(fit.parts)
        if model.path in shared and not on_device:
            del parts["weights"]
        shared.add(model.path)
        needed += sum(parts.values())
    return ChatMemory(needed=needed, available=free)
