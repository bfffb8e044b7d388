"""What "all families" means to a command: the user's own, unless it was told to include the samples."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from orca_desk.cli.output import complain
from orca_desk.library.database import Library
from orca_desk.library.samples import (
    add_samples,
    bundled_families,
    mixed_families,
    own_families,
    sample_families,
)
from orca_desk.library.tasks import families
from orca_desk.ui.words.library import added_samples_sentence, left_out_sentence, mixed_sentence

TAKE_SAMPLES = "--with-samples takes them too."
Command = TypeVar("Command", bound=Callable[..., Any])


def with_samples_option(command: Command) -> Command:
    """Add `--with-samples`, which takes the families of sample tasks as well."""
    return click.option(
        "--with-samples",
        is_flag=True,
        help="Also the families of sample tasks, which are left out once you have families of your own.",
    )(command)


def families_meant(
    library: Library, named: Sequence[str] | None, *, with_samples: bool
) -> tuple[str, ...] | None:
    """Return the named families, or those that all families means; None for every one of the library.

    Says on stderr which are left out, and which of one's own hold sample tasks too.
    """
    if named:
        _add_named_samples(library, named)
        return tuple(named)
    own = None if with_samples else own_families(library)
    if own is not None:
        complain(left_out_sentence(sample_families(library), TAKE_SAMPLES), "dim")
    if not with_samples:
        tell_of_mixed(library)
    return own


def _add_named_samples(library: Library, named: Sequence[str]) -> None:
    """Add the sample tasks if a family of theirs is named that the library lacks: that asks for them."""
    lacking = set(named) - {one.family for one in families(library)}
    for name in sorted(lacking & bundled_families()):
        add_samples(library)
        complain(added_samples_sentence(name), "dim")
        return


def tell_of_mixed(library: Library) -> None:
    """Say on stderr which families of one's own hold sample tasks too: these are taken along."""
    if mixed := mixed_families(library):
        complain(mixed_sentence(mixed), "dim")
