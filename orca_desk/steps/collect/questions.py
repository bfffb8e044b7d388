"""The questions that the library has, against which the ones of a file are held."""

from collections.abc import Callable
from functools import cached_property

from orca_desk.library.database import Library
from orca_desk.library.tasks import iterate_questions
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.method.splits import variant_key

CHUNK = 1_000  # tasks between two checks for a stop


class LibraryQuestions:
    """The questions of the library with their splits, as they were at first use."""

    def __init__(self, library: Library, *, check: Callable[[], None] = lambda: None) -> None:
        """`check` is called every few ms while they are read; what it raises ends that."""
        self._library, self._check = library, check

    @cached_property
    def known(self) -> KnownQuestions:
        """The questions; the first use reads them."""
        found = KnownQuestions()
        for place, (task, asked, split) in enumerate(iterate_questions(self._library)):
            if place % CHUNK == 0:
                self._check()
            found.add(variant_key(asked), task, split)
        return found
