"""What the rules for records ask of an answer's text, found out once for each text."""

from dataclasses import dataclass

from orca_desk.method.languages import Likely, languages_of
from orca_desk.method.loops import loop_in
from orca_desk.method.refusals import is_refusal

VERSION = 1  # of what `answer_facts` finds; raise it with any change of that


@dataclass(frozen=True, kw_only=True)
class AnswerFacts:
    """Its length in characters, whether it refuses, what it repeats in a loop, its likely languages."""

    characters: int
    refusal: bool
    loop: str = ""
    languages: Likely = ()


def answer_facts(answer: str) -> AnswerFacts:
    """Read an answer, thoughts included: that is what a student is trained on. About 0.3 ms."""
    return AnswerFacts(
        characters=len(answer),
        refusal=is_refusal(answer),
        loop=loop_in(answer)[:200],
        languages=languages_of(answer),
    )
