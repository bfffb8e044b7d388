"""The bundled families whose work is a row of clauses: `ordering`, `lookup` and `rules`.

Each clause after the strategy's marker is a step; the right ones are known from the question, in their order.
"""

import re

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.bundled import check_answer, clauses, parts
from orca_desk.method.checkers.check import UNCHECKED, StepCheck, compare

ORDINALS = ("first", "second", "third", "fourth", "fifth")
_EVENT_FIRST = re.compile(r"the (?P<event>\w+) came first")
_LINK = re.compile(r"right after the (?P<before>\w+) came the (?P<after>\w+)")
_WHICH = re.compile(r"Which event came (?P<place>\w+)\?")
_LIVES = re.compile(r"(?P<name>\w+) lives in (?P<town>\w+)")
_GOES = re.compile(r"the bus to (?P<town>\w+) is (?P<colour>\w+)")
_SELLS = re.compile(r"the (?P<colour>\w+) bus sells (?P<good>\w+)")
_BUS = re.compile(r"What does the bus to the town where (?P<name>\w+) lives sell\?")
_RULE = re.compile(r"(?P<look>\w+) animals are (?P<is>\w+)")
_EATS = re.compile(r"(?P<look>\w+) animals eat (?P<food>\w+)")
_ANIMAL = re.compile(r"(?P<start>(?P<name>\w+) is (?P<look>\w+))\. What does (?P<again>\w+) eat\?")

# The clauses that each marker should have, in order, and the answer
_Solution = tuple[dict[str, list[str]], str]


def check_ordering(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
    """Check `Recall: the fair came first, ... Reasoning: 1 fair; right after ... came the play, 2 play.`"""
    readable = (
        re.compile(r"the \w+ came first, the question asks for \d+"),
        re.compile(r"\d \w+"),
        re.compile(rf"{_LINK.pattern.replace('?P<before>', '').replace('?P<after>', '')}, \d \w+"),
    )
    return _check(_solve_ordering(question), steps, readable)


def check_lookup(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
    """Check `Extract: Peter lives in Paris; the bus to Paris is brown; the brown bus sells nuts.`"""
    return _check(_solve_lookup(question), steps, (_LIVES, _GOES, _SELLS))


def check_rules(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...] | None:
    """Check `Explanation: Luna is thin; thin animals are white; white animals are lazy; ...`"""
    return _check(_solve_rules(question), steps, (re.compile(r"\w+ is \w+"), _RULE, _EATS))


def _check(
    solution: _Solution | None, steps: tuple[AnswerStep, ...], readable: tuple[re.Pattern[str], ...]
) -> tuple[StepCheck, ...] | None:
    if solution is None:
        return None
    expected, answer = solution
    seen = dict.fromkeys(expected, 0)
    checks = []
    for step in steps:
        clause = step.body.rstrip(" .;")
        if step.kind == "answer":
            checks.append(check_answer(step, answer, "text"))
        elif step.marker in expected and any(pattern.fullmatch(clause) for pattern in readable):
            at = seen[step.marker]
            seen[step.marker] += 1
            is_known = at < len(expected[step.marker])
            checks.append(compare(clause, expected[step.marker], at) if is_known else UNCHECKED)
        else:
            checks.append(UNCHECKED)
    return tuple(checks)


def _named(told: list[str], pattern: re.Pattern[str], **wanted: str) -> re.Match[str] | None:
    """Return the one clause of this form with the wanted names, if there is one."""
    found = [match for clause in told if (match := pattern.fullmatch(clause))]
    fitting = [one for one in found if all(one[name] == text for name, text in wanted.items())]
    return fitting[0] if len(fitting) == 1 else None


def _told(question: str, opening: str, asked: re.Pattern[str]) -> tuple[list[str], re.Match[str]] | None:
    read = parts(question)
    told = clauses(read[0], opening) if read else None
    query = asked.fullmatch(read[1]) if read else None
    return (told, query) if told and query else None


def _solve_ordering(question: str) -> _Solution | None:
    read = _told(question, "The events: ", _WHICH)
    if read is None or read[1]["place"] not in ORDINALS:
        return None
    told, place = read[0], ORDINALS.index(read[1]["place"])
    first = _named(told, _EVENT_FIRST)
    if first is None:
        return None
    event = first["event"]
    recall = [f"the {event} came first, the question asks for {place + 1}"]
    reasoning = [f"1 {event}"]
    for number in range(2, place + 2):
        link = _named(told, _LINK, before=event)
        if link is None:
            return None
        event = link["after"]
        reasoning.append(f"{link[0]}, {number} {event}")
    return {"recall": recall, "reasoning": reasoning}, f"the {event}"


def _solve_lookup(question: str) -> _Solution | None:
    read = _told(question, "The notes: ", _BUS)
    if read is None:
        return None
    told, query = read
    lives = _named(told, _LIVES, name=query["name"])
    goes = _named(told, _GOES, town=lives["town"]) if lives else None
    sells = _named(told, _SELLS, colour=goes["colour"]) if goes else None
    if not lives or not goes or not sells:
        return None
    return {"extract": [lives[0], goes[0], sells[0]]}, sells["good"]


def _solve_rules(question: str) -> _Solution | None:
    read = _told(question, "The rules: ", _ANIMAL)
    if read is None or read[1]["name"] != read[1]["again"]:
        return None
    told, query = read
    first = _named(told, _RULE, look=query["look"])
    second = _named(told, _RULE, look=first["is"]) if first else None
    eats = _named(told, _EATS, look=second["is"]) if second else None
    if not first or not second or not eats:
        return None
    return {"explanation": [query["start"], first[0], second[0], eats[0]]}, eats["food"]
