"""Order is consistent: no step says the opposite of what the question, or an earlier step, says of an order.

Relations such as "A is taller than B", "A comes before B" or "A > B" are read, each kind for itself, from
the question and then step by step. A step is incorrect if what it says makes a circle with what was said
before, correct if all its relations follow from that, and unchecked otherwise. Nothing is checked where the
question contradicts itself or tells of swaps: it speaks of several times or cases.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.check import CORRECT, UNCHECKED, StepCheck, StepFault, incorrect, shown_step

# What says that the first is before the second, and what says the opposite
PAIRS = (
    ("before", "after"),
    ("earlier than", "later than"),
    ("above", "below"),
    ("to the left of", "to the right of"),
    ("left of", "right of"),
    ("ahead of", "behind"),
    ("taller than", "shorter than"),
    ("older than", "younger than"),
    ("older than", "newer than"),
    ("bigger than", "smaller than"),
    ("larger than", "smaller than"),
    ("greater than", "less than"),
    ("faster than", "slower than"),
    ("heavier than", "lighter than"),
    ("higher than", "lower than"),
    ("longer than", "shorter than"),
    ("richer than", "poorer than"),
    ("stronger than", "weaker than"),
    ("warmer than", "colder than"),
    ("more expensive than", "less expensive than"),
    ("more expensive than", "cheaper than"),
    (">", "<"),
)
_WORDS = sorted({word for pair in PAIRS for word in pair if word not in "<>"}, key=len, reverse=True)
_ITEM = r"(?:(?:the|a|an)\s+)?[^\W\d_][\w'’-]*(?:\s+[^\W_][\w'’-]*){0,2}?"
_VERB = (
    r"\s+(?:is|are|was|were|comes?|came|finish(?:es|ed)|stands?|stood|sits?|sat|lies|lives?|ran|arrived"
    r"|happened)"
)
_RELATION = re.compile(
    rf"(?:^|(?<=[.,;:!?\n()])|\b(?:and|so|that|since|because|as|therefore|thus|hence|then)\b)\s*"
    rf"(?P<first>{_ITEM}){_VERB}\s+(?:(?:directly|right|immediately|just|also|much)\s+)?"
    rf"(?P<word>{'|'.join(_WORDS)})\s+(?P<second>{_ITEM})\s*(?=[.,;:!?)\n]|$|\b(?:and|so|but|which|because|since)\b)",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"(?<![\w<>=-])[^\W\d_][\w'’-]*(?:\s*[<>](?![<>=])\s*[^\W\d_][\w'’-]*)+(?![\w<>=])")
_SIGN = re.compile(r"\s*([<>])\s*")
_UNCERTAIN = re.compile(
    r"\b(?:if|whether|either|or|not|never|neither|nor|may|might|could|would|can|cannot|should|suppose|assume|perhaps"
    r"|maybe|possibly|unless|some|all|any|every|no|none|who|what|which|false|incorrect|wrong|contradicts?"
    r"|cases?|options?|try|attempt|scenario|possibility)\b|n['’]t\b|\?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"\n]{0,400}"|“[^”\n]{0,400}”')  # notes such as "(left) ? book ? (right)"
_SENTENCE = re.compile(r"[^.;!?\n]+[.;!?\n]*")
_CHANGES = re.compile(
    r"\b(?:swap(?:s|ped)?|switch(?:es|ed)?|exchanged?|overtakes?|overtook|overtaken)\b", re.IGNORECASE
)
_LEADING = re.compile(
    r"\A(?:(?:so|then|thus|hence|therefore|and|also|since|because|as|now|today|later)\s+)*(?:(?:the|a|an)\s+)?"
)
_PRONOUNS = frozenset(
    {"he", "she", "it", "they", "this", "that", "these", "those", "there", "one", "he's", "we", "i"}
)
_LONGEST = 20_000
_MOST_RELATIONS = 400


@dataclass(frozen=True)
class Relation:
    """`first` is before `second` in the order called `kind`; `text` says it as it was written."""

    kind: str
    first: str
    second: str
    text: str


def check_order(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...]:
    """Return a check per step: whether its relations agree with the question and the steps before."""
    known = _Order()
    if _CHANGES.search(question):
        return (UNCHECKED,) * len(steps)
    for relation in relations(question):
        if known.path(relation.kind, relation.second, relation.first) is not None:
            return (UNCHECKED,) * len(steps)
        known.add(relation)
    checks = []
    for step in steps:
        if _CHANGES.search(step.text):
            known = _Order()  # what was said before holds no longer
            checks.append(UNCHECKED)
        else:
            checks.append(_check(known, step))
    return tuple(checks)


def _check(known: "_Order", step: AnswerStep) -> StepCheck:
    if step.kind in ("thought", "code"):
        return UNCHECKED
    follows = []
    for relation in relations(step.text):
        opposite = known.path(relation.kind, relation.second, relation.first)
        if opposite is not None:
            said = "; ".join(dict.fromkeys(shown_step(one.text) for one in opposite))
            return incorrect(StepFault.CONTRADICTS, relation=shown_step(relation.text), other=said)
        follows.append(known.path(relation.kind, relation.first, relation.second) is not None)
        known.add(relation)
    return CORRECT if follows and all(follows) else UNCHECKED


def relations(text: str) -> Iterator[Relation]:
    """Yield the relations that a text states as facts; what is asked, denied or supposed is not stated."""
    count = 0
    for sentence in _SENTENCE.findall(_QUOTED.sub('"', text[:_LONGEST])):
        if _UNCERTAIN.search(sentence):
            continue
        for relation in (*_in_words(sentence), *_in_signs(sentence)):
            count += 1
            if count > _MOST_RELATIONS:
                return
            yield relation


def _in_words(sentence: str) -> Iterator[Relation]:
    for found in _RELATION.finditer(sentence):
        first, second = _item(found["first"]), _item(found["second"])
        word = " ".join(found["word"].casefold().split())
        if {first, second} & _PRONOUNS or first == second:
            continue
        kind, forward = _KINDS[word]
        ends = (first, second) if forward else (second, first)
        yield Relation(kind, *ends, found[0].strip(" ,;:.\n"))


def _in_signs(sentence: str) -> Iterator[Relation]:
    for found in _SIGNS.finditer(sentence):
        parts = _SIGN.split(found[0])
        for index in range(0, len(parts) - 2, 2):
            left, sign, right = _item(parts[index]), parts[index + 1], _item(parts[index + 2])
            if left != right:
                yield Relation(">", *((left, right) if sign == ">" else (right, left)), found[0])


def _item(text: str) -> str:
    return _LEADING.sub("", " ".join(text.casefold().split()))


def _kinds() -> dict[str, tuple[str, bool]]:
    """Return for each word the kind of its order, and whether it says that the first comes first.

    Words that share an opposite make one kind: "bigger" and "larger" are both the opposite of "smaller".
    "Shorter" is the opposite of "taller" and of "longer", which one text hardly uses of the same things.
    """
    kinds: dict[str, tuple[str, bool]] = {}
    for before, after in PAIRS:
        kind = kinds.get(before, kinds.get(after, (before, True)))[0]
        kinds.setdefault(before, (kind, True))
        kinds.setdefault(after, (kind, False))
    return kinds


_KINDS = _kinds()


class _Order:
    """What was said so far, as graphs: one per kind of order."""

    def __init__(self) -> None:
        self._next: dict[str, dict[str, list[Relation]]] = defaultdict(lambda: defaultdict(list))

    def add(self, relation: Relation) -> None:
        """Add a relation."""
        self._next[relation.kind][relation.first].append(relation)

    def path(self, kind: str, first: str, second: str) -> list[Relation] | None:
        """Return relations that lead from `first` to `second`, or None."""
        graph = self._next[kind]
        reached: dict[str, list[Relation]] = {first: []}
        waiting = [first]
        while waiting:
            at = waiting.pop(0)
            if at == second and reached[at]:
                return reached[at]
            for relation in graph.get(at, ()):
                if relation.second not in reached:
                    reached[relation.second] = [*reached[at], relation]
                    waiting.append(relation.second)
        return None
