"""Reading an answer as the library knows its family: by the strategies in use and the family's checker."""

from orca_desk.library.checkers import family_checker
from orca_desk.library.database import Library
from orca_desk.library.strategies import current_strategies
from orca_desk.method.answer_reading import AnswerReading, read_answer


def read_in_library(library: Library, *, response: str, question: str, family: str = "") -> AnswerReading:
    """Return how `response` to `question` reads; `family` is that of its task, if it has one."""
    strategies = current_strategies(library).values()
    return read_answer(response, question, strategies, family_checker(library, family))
