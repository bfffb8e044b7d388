"""The bundled family `belief`: where each believes the thing to be; a step is an event and its outcome."""

import re

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.bundled import check_numbered, sentences
from orca_desk.method.checkers.check import StepCheck

_START = re.compile(r"(?P<people>[\w, ]+) are in a \w+ with (?:an? \w+(?:, | and )?)+\.")
_MOVE = re.compile(
    r"(?:While (?P<away>\w+) is away, )?(?P<name>\w+) puts the (?P<thing>\w+) in the (?P<place>\w+)"
    r"(?P<leaves>,(?: and)? then leaves for \w+)?\."
)
_LEAVES = re.compile(r"(?P<name>\w+) leaves for \w+\.")
_COMES = re.compile(r"(?P<name>\w+) comes back and sees the (?P<thing>\w+)\.")
_END = re.compile(
    r"(?:Later in the day they|They) (?:both|all) come back\b.*|they do not know what happened.*",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"Where do they think the (?P<thing>\w+) is\?")
_STEP = re.compile(
    r"(?P<event>\w+ (?:puts it in the \w+(?: and leaves)?|leaves|comes back)); "
    r"(?P<state>\w+ \w+(?:, \w+ (?:here|away) \w+)+)\.?",
    re.IGNORECASE,
)


def check_belief(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
    """Return a check per step; None if the question is not one of the family."""
    return check_numbered(steps, _solve(question), _STEP, "keyed")


class _Scene:
    """The people of a story: who is here, and where each believes the thing to be."""

    def __init__(self, people: list[str], thing: str) -> None:
        self.people, self.thing, self.place = people, thing, ""
        self.here = dict.fromkeys(people, True)
        self.believes = dict.fromkeys(people, "")
        self.steps: list[str] = []

    def tell(self, sentence: str) -> bool:
        """Follow one sentence; return whether it could be read."""
        if found := _MOVE.fullmatch(sentence):
            if not self._knows(found["name"], found["thing"]) or not self.here[found["name"]]:
                return False
            self.place = found["place"]
            self._see()
            self.here[found["name"]] = not found["leaves"]
            leaves = " and leaves" if found["leaves"] else ""
            self._note(f"{found['name']} puts it in the {self.place}{leaves}")
        elif found := _LEAVES.fullmatch(sentence):
            if not self._knows(found["name"], self.thing):
                return False
            self.here[found["name"]] = False
            self._note(f"{found['name']} leaves")
        elif found := _COMES.fullmatch(sentence):
            if not self._knows(found["name"], found["thing"]):
                return False
            self.here[found["name"]] = True
            self._see()
            self._note(f"{found['name']} comes back")
        else:
            return False
        return True

    def _knows(self, name: str, thing: str) -> bool:
        return name in self.here and thing == self.thing

    def _see(self) -> None:
        self.believes.update({name: self.place for name in self.people if self.here[name]})

    def _note(self, event: str) -> None:
        state = ", ".join(
            f"{name} {'here' if self.here[name] else 'away'} {self.believes[name]}" for name in self.people
        )
        self.steps.append(f"{event}; {self.thing} {self.place}, {state}.")


def _solve(question: str) -> tuple[list[str], str] | None:
    """Return the steps in the family's words and the answer."""
    told = sentences(question)
    if len(told) < 4:
        return None
    start, asked = _START.fullmatch(told[0]), _QUESTION.fullmatch(told[-1])
    if not start or not asked or not _END.fullmatch(told[-2]):
        return None
    scene = _Scene(re.split(r", | and ", start["people"]), asked["thing"])
    if not all(scene.tell(sentence) for sentence in told[1:-2]) or "" in scene.believes.values():
        return None
    return scene.steps, " ".join(f"{name}: the {scene.believes[name]}." for name in scene.people)
