"""The questions that the library has, against which the ones of a file are held."""

from collections.abc import Callable

from orca_desk.library.database import Library
from orca_desk.library.tasks import iterate_questions, last_row
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.method.splits import variant_key

CHUNK = 1_000  # tasks between two checks for a stop


class LibraryQuestions:
    """The questions of the library with their splits, as they were when they were first read."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known = KnownQuestions()
        self._last = 0  # the row up to which all tasks were read

    def read(self, check: Callable[[], None] = lambda: None) -> KnownQuestions:
        """Return the questions, after reading those of the tasks that came since the last call.

        `check` is called every few ms; what it raises ends the reading.
        """
        last = last_row(self._library)
        found = KnownQuestions()  # another one: a thread may be looking into the former
        found.extend(*self._known.part(0, len(self._known)))
        for place, (task, asked, split) in enumerate(iterate_questions(self._library, self._last, last)):
            if place % CHUNK == 0:
                check()
            found.add(variant_key(asked), task, split)
        self._known, self._last = found, last
        return found
