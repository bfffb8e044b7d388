"""Models in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orca_desk.counting import counted
from orca_desk.inventory.serving import AdapterDoubt, ServingNotes, TemplateNote
from orca_desk.inventory.usage import InventoryItem, Use
from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile, ModelKind
from orca_desk.steps.chat.memory import ChatMemory

KINDS: dict[ModelKind, tuple[str, str, str]] = {  # icon, in short, in full
    "gguf": ("graduation-cap", "Teacher or student", "GGUF model: a teacher, a chat partner or a student"),
    "safetensors": ("chart-line", "Student to train", "Safetensors folder, a student to train"),
    "adapter": ("layers", "Adapter", "Adapter: the result of a training, for its base model"),
}
REMARKS: dict[TemplateNote, str] = {
    "overridden": "The chat template is yours, not the model's own.",
    "fixed_date": "The chat template asks for today's date. It always gets 26 July 2024, so that training, "
    "evaluation and chat see the same prompt.",
    "system_in_user": "The chat template has no system role. The system message is put at the start of the "
    "first question.",
    "opens_thoughts": "The chat template starts each answer inside the model's thoughts.",
}
DOUBTS: dict[AdapterDoubt, str] = {
    "other": "This adapter was trained on another model. Its answers would be meaningless.",
    "related": "The model was changed after this adapter was trained on it. Its answers may be worse.",
    "template": "The chat template was changed after this adapter was trained with it. Its answers may be "
    "worse.",
    "unknown": "This adapter doesn't say which model it was trained on. On any other model its answers mean "
    "nothing.",
}
MOST_PATHS = 4  # in a list of what would be deleted
ORIGINS = {
    "bundled": "Bundled",
    "added": "Added by you",
    "trained here": "Trained here",
    "elsewhere": "Used here",
}


def notes_of(notes: ServingNotes) -> list[str]:
    """Return what a user should know before a model answers, in sentences."""
    doubt = [DOUBTS[notes.adapter]] if notes.adapter else []
    return doubt + [REMARKS[remark] for remark in notes.template]


def notes_before_run(notes: ServingNotes) -> list[str]:
    """Return them without what the run itself refuses, and tells: an adapter of another model."""
    return notes_of(replace(notes, adapter=None) if notes.adapter == "other" else notes)


MINI_NOTE = (
    "The mini models know seven kinds of question: who looks where (belief), who has what after swaps, sums "
    "with things (words), the order of events, looking up in a text, applying rules, and simple facts, all "
    "as in the sample tasks. To any other they write nonsense: ask a model of your own."
)


def memory_warning(found: ChatMemory, columns: int) -> str:
    """Return what to do where the models of a chat's columns do not fit in memory together; "" if they do."""
    if found.fits:
        return ""
    whose, advice = "This model needs", "choose a smaller one"
    if columns > 1:
        whose, advice = f"Together, these {columns} columns need", "remove columns, or choose smaller models"
    needed, available = human_bytes(found.needed), human_bytes(found.available)
    return f"{whose} about {needed} of memory; {available} is available: {advice}."


def missing_model(path: Path) -> str:
    """Return the line for a chosen model that is not there."""
    return f"{path.name}  ·  not found"


def kind_of(model: ModelFile) -> str:
    """Return the use of a model."""
    return KINDS[model.kind][1]


def kind_in_full(model: ModelFile) -> str:
    """Return the format and the use of a model."""
    return KINDS[model.kind][2]


def origin_of(item: InventoryItem) -> str:
    """Return the origin of a model: the name of a tool, or how it was added."""
    return ORIGINS.get(item.origin, item.origin)


def count(number: int) -> str:
    """Return a large number in short: "135 M", "7.6 B"; "–" for 0, which means unknown."""
    for unit, scale in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= scale:
            return f"{number / scale:.{1 if number < 100 * scale else 0}f} {unit}"
    return str(number) if number else "–"


def context_of(model: ModelFile) -> str:
    """Return the context length in tokens."""
    return f"{model.context:,}" if model.context else "–"


def template_of(model: ModelFile) -> str:
    """Return whether the model has a chat template; an adapter uses that of its base."""
    return "–" if model.kind == "adapter" else "yes" if model.chat_template else "no"


def fits_of(item: InventoryItem) -> str:
    """Return whether the model fits in the memory that is free now."""
    return "–" if item.fit is None else "fits" if item.fit.fits else "too large"


def uses_of(item: InventoryItem) -> str:
    """Return the uses of a model as counts: "2 trainings, 1 chat"."""
    nouns = {"training": "training", "evaluation": "evaluation", "chat": "chat", "records": "record"}
    totals: Counter[str] = Counter()
    for use in item.uses:
        totals[use.kind] += use.count
    return ", ".join(counted(total, nouns[kind]) for kind, total in totals.items())


def uses_in_full(item: InventoryItem) -> str:
    """Return the uses of a model by id."""
    names = [_described(use) for use in item.uses]
    rest = len(names) - 12
    return ", ".join(names[:12]) + (f" and {rest} more" if rest > 0 else "")


def deletion_hint(item: InventoryItem, paths: Sequence[Path], *, is_busy: bool) -> str:
    """Return what goes with a model, what used it, and how it comes back."""
    size = human_bytes(item.model.size_bytes) if isinstance(item.model, ModelFile) else ""
    shown = [shown_path(path) for path in paths[:MOST_PATHS]]
    rest = len(paths) - len(shown)
    lines = ["\n".join([*shown, *([f"and {counted(rest, 'more file')}"] if rest else [])]) + f"\n{size}"]
    if uses := uses_in_full(item):
        lines.append(
            f"In this library it is used by {uses}. They stay, but need the file to be resumed, asked or"
            " trained again. Other libraries and programs were not looked at."
        )
    else:
        lines.append("Nothing in this library uses it. Other libraries and programs were not looked at.")
    if is_busy:
        lines.append("Jobs run or wait. Those that need it would fail.")
    lines.append("Only the system's trash brings it back.")
    return "\n\n".join(lines)


def shown_path(path: Path) -> str:
    """Return a path with the home folder shortened to ~."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _described(use: Use) -> str:
    return counted(use.count, "teacher record") if use.kind == "records" else use.id
