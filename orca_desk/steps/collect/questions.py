"""The questions that the library has, against which the ones of a file are held."""

from functools import cached_property

from orca_desk.library.database import Library
from orca_desk.library.tasks import iterate_questions
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.method.splits import variant_key


class LibraryQuestions:
    """The questions of the library with their splits, as they were at first use."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @cached_property
    def known(self) -> KnownQuestions:
        """The questions; the first use reads them."""
        found = KnownQuestions()
        for task, asked, split in iterate_questions(self._library):
            found.add(variant_key(asked), task, split)
        return found
