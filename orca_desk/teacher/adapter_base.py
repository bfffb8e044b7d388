"""Keeps an adapter from a model that it was not trained on: there it loads, and answers nonsense."""

from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.base_identity import BaseMatch, base_of_adapter, compare_base


def require_base(adapter: Path, model: Path) -> None:
    """Raise UserError when `adapter` says that it was trained on another model than the GGUF file `model`.

    An adapter that does not name its base passes; `inventory.serving` reports it.
    """
    base = base_of_adapter(adapter)
    if base is not None and compare_base(base, model) is BaseMatch.OTHER:
        raise UserError(
            f"The adapter {adapter} was trained on {base.name}, and {model.name} holds other weights: its "
            "answers would be meaningless.",
            f"Use it with {base.name}.",
        )
