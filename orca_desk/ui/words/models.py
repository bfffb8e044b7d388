"""What the Models page says of a model, in words."""

from collections import Counter
from pathlib import Path

from orca_desk.inventory.usage import InventoryItem, Use
from orca_desk.models.model_file import ModelFile, ModelKind

KINDS: dict[ModelKind, tuple[str, str, str]] = {  # icon, in short, in full
    "gguf": ("graduation-cap", "Teacher and chat", "GGUF model, for the teacher and chat"),
    "safetensors": ("chart-line", "Student to train", "Folder of safetensors, a student to train"),
    "adapter": ("layers", "Adapter", "Adapter: what a training changed, for the model it was trained from"),
}
ORIGINS = {"bundled": "Bundled", "added": "Added by you", "trained here": "Trained here"}


def kind_of(model: ModelFile) -> str:
    """Return what a model is for."""
    return KINDS[model.kind][1]


def kind_in_full(model: ModelFile) -> str:
    """Return what a model is for, and in what form it is."""
    return KINDS[model.kind][2]


def origin_of(item: InventoryItem) -> str:
    """Return where a model comes from: a tool's name, or how it came here."""
    return ORIGINS.get(item.origin, item.origin)


def count(number: int) -> str:
    """Write a large number for people: 135 M, 7.6 B; "–" for one that is not known."""
    for unit, scale in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= scale:
            return f"{number / scale:.{1 if number < 100 * scale else 0}f} {unit}"
    return str(number) if number else "–"


def context_of(model: ModelFile) -> str:
    """Return how many tokens a conversation may have."""
    return f"{model.context:,}" if model.context else "–"


def template_of(model: ModelFile) -> str:
    """Return whether the model brings a chat template; an adapter takes its base's."""
    return "–" if model.kind == "adapter" else "yes" if model.chat_template else "no"


def fits_of(item: InventoryItem) -> str:
    """Return whether the model fits into the memory that is free now."""
    return "–" if item.fit is None else "fits" if item.fit.fits else "too large"


def uses_of(item: InventoryItem) -> str:
    """Return in short what used a model: "2 trainings, 1 chat"."""
    words = {
        "training": ("{} training", "{} trainings"),
        "evaluation": ("{} evaluation", "{} evaluations"),
        "chat": ("{} chat", "{} chats"),
        "records": ("{} record", "{} records"),
    }
    totals: Counter[str] = Counter()
    for use in item.uses:
        totals[use.kind] += use.count
    parts = [words[kind][total > 1].format(f"{total:,}") for kind, total in totals.items()]
    return ", ".join(parts)


def uses_in_full(item: InventoryItem) -> str:
    """Return what used a model, by id."""
    names = [_described(use) for use in item.uses]
    rest = len(names) - 12
    return ", ".join(names[:12]) + (f" and {rest} more" if rest > 0 else "")


def shown_path(path: Path) -> str:
    """Return a path with the home folder as ~."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _described(use: Use) -> str:
    return "{} teacher records".format(f"{use.count:,}") if use.kind == "records" else use.id
