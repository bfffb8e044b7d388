"""What is said about a library: its name, and its drive."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from orca_desk.counting import counted
from orca_desk.library.moves.relocation import Relocated
from orca_desk.paths import default_library, resolved

WITHOUT_LOCKS = "The drive of this library has no file locks, as some network drives."
WITHOUT_LOCKS_HINT = (
    "Open it on one computer at a time, or move it to a local disk: two at once could damage it."
)

SAMPLES_UNCHECKED = "Families of sample tasks begin unchecked beside your own."


def library_name(folder: Path, stored: str = "") -> str:
    """Return what a library is called: as the user named it, or as its folder, or the one for everybody."""
    if stored:
        return stored
    return "My library" if folder == resolved(default_library()) else folder.name


def samples_text(of_samples: Sequence[str], own: Sequence[str] | None) -> str:
    """Return which families hold sample tasks alone, and what that means for "all families"."""
    if not of_samples:
        return "No family of this library holds sample tasks alone."
    held = f"Sample tasks alone: {', '.join(of_samples)}."
    if own is None:
        return held
    return (
        f"{held} Where all families are meant, they are left out: {counted(len(own), 'own family')} remain."
    )


NEW_WITH_SAMPLES = (
    "The library is new: it was given the sample tasks. To begin with tasks of your own, remove these by"
    " orca-desk library samples --remove, and import yours by orca-desk tasks import FILE."
)


def added_samples_sentence(family: str) -> str:
    """Return that the sample tasks were added since a family of theirs was named."""
    return (
        f"The library had no family {family}, which the sample tasks have: they were added. To take them out"
        " again: orca-desk library samples --remove"
    )


def mixed_sentence(mixed: Mapping[str, int]) -> str:
    """Return that families of the user's own hold sample tasks too, by their number, and what to do."""
    named = ", ".join(f"{family} ({count:,})" for family, count in mixed.items())
    which = "This family holds" if len(mixed) == 1 else "These families hold"
    return (
        f"{which} sample tasks beside your own, and they count as yours: {named}."
        " Remove the sample tasks, or give your family another name."
    )


def moved_sentences(before: Path, moved: Relocated) -> tuple[str, str]:
    """Return that a library was moved, and what else to know of it."""
    rest = ""
    if moved.rest is not None:
        rest = f"{moved.rest} could not be deleted: delete it yourself. "
    return f"The library is now in {moved.folder}.", f"{rest}{default_sentence(before)}".strip()


def default_sentence(folder: Path) -> str:
    """Return what leaving the default folder means; "" for a library in another one."""
    if folder.resolve() != resolved(default_library()):
        return ""
    return (
        "Started without a folder, Orca Desk opens the folder that the library leaves, and makes a new"
        " library there."
    )


def own_only_sentence(samples: Mapping[str, int], remedy: str) -> str:
    """Return that records of sample tasks are left out of families of the user's own, by their number."""
    return f"Left out: {samples_of(samples)}. {remedy}"


def samples_of(samples: Mapping[str, int]) -> str:
    """Return how many records of sample tasks lie in which families: "4 records of sample tasks (belief)"."""
    named = ", ".join(samples)
    return f"{counted(sum(samples.values()), 'record')} of sample tasks in your own families ({named})"


def left_out_sentence(of_samples: Sequence[str], remedy: str) -> str:
    """Return that families of sample tasks are left out; `remedy` says how to include them."""
    named = ", ".join(of_samples)
    return f"Left out: {counted(len(of_samples), 'family')} of sample tasks ({named}). {remedy}"
