"""Answers with a value for each of several keys: "John: the box. Mark: the basket.", also in free sentences.

A free sentence is a row of mentions of keys and values. "John thinks it is in the box and Mark thinks it is
in the basket" is key, value, key, value; "the box for John, the basket for Mark" is value, key, value, key;
"John and Mark: the box" gives both the same. An unclear sentence gives no value, so it is incorrect.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import retracted
from orca_desk.method.grading.finding import Finding, correct
from orca_desk.method.grading.folding import normalise
from orca_desk.method.grading.reasons import Why, reason, shown
from orca_desk.method.grading.text import same_meaning

_PAIR = re.compile(
    r"(?:\A|(?<=[.;,\n])|(?<=\band))[\s*-]{0,6}"
    r"(?P<key>[^\W\d_][\w'’ -]{0,40}?)[ \t*]{0,3}(?:[:=]|->|→)(?!/)[ \t*]{0,4}"
)
_LIST_NUMBER = re.compile(r"^[ \t]*\(?(?:\d{1,2}|[a-z])[.)][ \t]+", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_AND = re.compile(r"\A\s*(?:,|and|&|,\s*and|and also|, both|\s)*\s*\Z", re.IGNORECASE)
_VALUE_THEN_KEY = re.compile(r"\b(?:for|by|according to|is where|thinks|to|is)\s*\Z|\(\s*\Z", re.IGNORECASE)
_AWAY = re.compile(r"\b(?:from|out of|left|leaving)\s+(?:the\s+|an?\s+)?\Z", re.IGNORECASE)
_OR_BEFORE = re.compile(r"\bor\s+(?:in\s+|on\s+|at\s+)?(?:the\s+|an?\s+)?\Z", re.IGNORECASE)
_OR_AFTER = re.compile(r"\A\s*,?\s*(?:or\b|/)", re.IGNORECASE)
_QUALIFIED = re.compile(r"(?P<word>\w[\w'-]*)[\s\"'*]*\Z")
# Words that may stand before a value without changing which thing it is ("the", but not "blue").
_BEFORE_VALUE = re.compile(
    r"an?|the|in|on|at|to|is|are|was|were|be|its|it's|his|her|their|my|your|into|inside|under|for|of"
    r"|as|and|or"
    r"|but|that|still|said|says?|thinks?|believes?|equals|has|have|with|not|both|answer",
    re.IGNORECASE,
)
# What somebody does with a thing, as the steps of an answer retell it, and what somebody holds of it
_HAPPENS = re.compile(
    r"\b(?:puts?|places?|placed|sets? down|moves?|moved|takes?|took|drops?|dropped|hides?|hid|brings?|brought"
    r"|carry|carries|carried|transfers?|transferred|stores?|stored|leaves?)\b",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"\b(?:think|thought|believe|expect|assume|suppose|guess|look|search|check|say|said|answer|conclu)\w*",
    re.IGNORECASE,
)
# What somebody does not know is not what somebody thinks.
_UNSEEN = re.compile(
    r"\b(?:(?:did|does|do|could|can) not|didn['’]t|doesn['’]t|don['’]t|couldn['’]t|never) (?:see|saw"
    r"|know|knew|notice|hear|realise|realize)"
    r"[^,.;]{0,200}",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:both|all|everyone|everybody|each|beide|alle|tous|ambos|todos|entrambi|tutti)\b(?! (?:but"
    r"|except|the))",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"(?:\s\((?:not|rather than|instead of)\b[^()]*\)|, (?:not|rather than|instead of) [^,;]*)\Z",
    re.IGNORECASE,
)
_TUPLE = re.compile(r"(?:\((?P<names>[^()]{1,200})\) ?= ?)?\((?P<values>[^()]{1,200})\)\.?")
_LONGEST = 8000


def parse_pairs(text: str) -> dict[str, str]:
    """Return the pairs of "key: value" (also "=", "->", JSON) in `text`, keys as they are written.

    A key with two different values makes the text unclear: it has no pairs then.
    """
    pairs: dict[str, str] = {}
    for key, value in _pairs(text):
        if not same_meaning(value, pairs.setdefault(key, value)):
            return {}
    return pairs


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return every pair in `text`; none if what follows a key is empty or a long sentence."""
    text = _LIST_NUMBER.sub("", text[:_LONGEST])
    members = _members(text)
    if members:
        return members
    marks = list(_PAIR.finditer(text))
    pairs = []
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        value = _DENIAL.sub("", re.sub(r"(?:[\s,;.*]|\band\b)+\Z", "", text[mark.end() : end][:1000]))
        if not value or len(value.split()) > 30:
            return []
        pairs.append((mark["key"].strip(), value))
    return pairs


def _members(text: str) -> list[tuple[str, str]]:
    """Return the members of a JSON object of plain values, also those that stand twice."""
    if not text.lstrip().startswith("{"):
        return []
    try:
        members = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    plain = isinstance(members, list) and all(isinstance(value, str | int | float) for _, value in members)
    return [(key.strip(), str(value)) for key, value in members] if plain else []


@dataclass(frozen=True)
class _Mention:
    what: Literal["key", "value"]
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class ExpectedKeyValue:
    """A reference with a value for each key; each must be found, and no other."""

    reference: str
    pairs: dict[str, str]

    def check(self, final: FinalAnswer) -> Finding:
        """Compare the value of every key: as "key: value", else as mentioned in sentences."""
        text, found = final.block, self._from_pairs(final.block) or self._from_tuple(final.block)
        if not found:
            text, found = self._from_paragraphs(final)
        problems: list[dict[str, Any]] = []
        for key, value in self.pairs.items():
            got = found.get(key.casefold(), set())
            if not any(same_meaning(one, value) for one in got):
                named = sorted(shown(one) for one in got)
                problems.append({"key": key, "found": named, "expected": shown(value)})
            elif not all(same_meaning(one, value) for one in got):
                problems.append({"key": key, "found": None, "expected": shown(value)})
        answer = " ".join(text.split())
        if not problems:
            return correct(answer, self.reference)
        return Finding(correct=False, answer=answer, reason=reason(Why.KEYS, keys=problems))

    def _from_pairs(self, block: str) -> dict[str, set[str]]:
        """Return the values of explicit pairs, if every key has one and all are plain; {} otherwise."""
        wanted = {key.casefold(): value for key, value in self.pairs.items()}
        found: dict[str, set[str]] = {}
        for key, value in _pairs(block):
            if key.casefold() in wanted:
                found.setdefault(key.casefold(), set()).add(value)
        plain = all(_same_length(value, wanted[key]) for key, values in found.items() for value in values)
        return found if plain and len(found) == len(wanted) else {}

    def _from_tuple(self, block: str) -> dict[str, set[str]]:
        """Return the values of "(x, y) = (5, 3)"; names in the order of the alphabet may be left out."""
        match = _TUPLE.fullmatch(block.strip())
        if match is None:
            return {}
        keys = [key.casefold() for key in self.pairs]
        named = [name.strip().casefold() for name in (match["names"] or "").split(",") if name.strip()]
        values = [value.strip() for value in match["values"].split(",")]
        if len(values) != len(keys) or (named and sorted(named) != sorted(keys)):
            return {}
        if not named and (keys != sorted(keys) or any(len(key) != 1 for key in keys)):
            return {}
        return {key: {value} for key, value in zip(named or keys, values, strict=True)}

    def _from_paragraphs(self, final: FinalAnswer) -> tuple[str, dict[str, set[str]]]:
        """Return the paragraph that was read and its values; unmarked, the last one with any decides."""
        if final.marked:
            return final.block, self._from_sentences(final.block, keep_all=True)
        for paragraph in reversed(re.split(r"\n\s*\n", final.whole[-_LONGEST:])):
            found = self._from_sentences(paragraph, keep_all=False)
            if found:
                return paragraph, found
        return final.block, {}

    def _from_sentences(self, text: str, *, keep_all: bool) -> dict[str, set[str]]:
        """Return each key's values: all (`keep_all`), or those of the last sentence that gives any.

        What happened ("John puts it in the box") is no answer where nothing marks it as one.
        """
        found: dict[str, set[str]] = {}
        for sentence in _SENTENCE.split(text[:_LONGEST]):
            if not keep_all and _HAPPENS.search(sentence) and not _HOLDS.search(sentence):
                continue
            sentence = _UNSEEN.sub(lambda match: " " * len(match[0]), sentence)
            mentions = self._mentions(sentence)
            for key, values in (_read(mentions, sentence) or self._of_all(mentions, sentence)).items():
                found[key] = found.get(key, set()) | values if keep_all else values
        return found

    def _of_all(self, mentions: list[_Mention], sentence: str) -> dict[str, set[str]]:
        """Return the values of "Both think it is in the box", which names no key."""
        values = {mention.name for mention in mentions}
        if not values or any(mention.what == "key" for mention in mentions) or not _ALL.search(sentence):
            return {}
        return {key.casefold(): values for key in self.pairs}

    def _mentions(self, sentence: str) -> list[_Mention]:
        """Return the keys and values that a sentence names, in order, without the values that it retracts."""
        mentions = []
        for key in self.pairs:
            for match in re.finditer(rf"(?<!\w){re.escape(key)}(?!\w)", sentence, re.IGNORECASE):
                mentions.append(_Mention("key", key.casefold(), match.start(), match.end()))
        for value in dict.fromkeys(normalise(value) for value in self.pairs.values()):
            pattern = r"[\s-]+".join(re.escape(word) for word in value.split())
            for match in re.finditer(rf"(?<![\w.]){pattern}(?!\w|\.\d)", sentence, re.IGNORECASE):
                if not _denied(sentence, match):
                    mentions.append(_Mention("value", value, match.start(), match.end()))
        return sorted(mentions, key=lambda mention: mention.start)


def expected_key_value(reference: str) -> ExpectedKeyValue | None:
    """Return the check for a reference with pairs, or None."""
    pairs = parse_pairs(reference)
    return ExpectedKeyValue(reference, pairs) if pairs else None


def _same_length(answer: str, expected: str) -> bool:
    """Return whether the value is as plain as the expected one, and not a sentence to be read."""
    return len(normalise(answer).split()) <= len(normalise(expected).split()) + 2


def _denied(sentence: str, match: re.Match[str]) -> bool:
    """Return whether a mention is not an answer: retracted, left, one of several, or part of a name."""
    before = sentence[max(0, match.start() - 40) : match.start()]
    after = sentence[match.end() : match.end() + 10]
    if retracted(sentence, match.start(), match.end()) or _AWAY.search(before):
        return True
    if _OR_BEFORE.search(before) or _OR_AFTER.match(after):
        return True
    word = _QUALIFIED.search(before)
    return word is not None and _BEFORE_VALUE.fullmatch(word["word"]) is None


def _read(mentions: list[_Mention], sentence: str) -> dict[str, set[str]]:
    """Return the values that the row of mentions gives to keys."""
    if _values_first(mentions, sentence):
        mentions = [other for pair in zip(mentions[1::2], mentions[::2], strict=True) for other in pair]
        return {key.name: {value.name} for key, value in zip(mentions[::2], mentions[1::2], strict=True)}
    zipped = _respectively(mentions, sentence)
    if zipped:
        return zipped
    found: dict[str, set[str]] = {}
    holders: list[_Mention] = []
    open_group = False
    for mention in mentions:
        if mention.what == "key":
            together = open_group and _AND.match(sentence[holders[-1].end : mention.start])
            holders = [*holders, mention] if together else [mention]
            open_group = True
        else:
            open_group = False
            for holder in holders:
                found.setdefault(holder.name, set()).add(mention.name)
    return found


def _values_first(mentions: list[_Mention], sentence: str) -> bool:
    """Return whether the row is value, key, value, key, each pair joined as in "the box for John"."""
    if len(mentions) % 2 or [mention.what for mention in mentions] != ["value", "key"] * (len(mentions) // 2):
        return False
    gaps = (sentence[value.end : key.start] for value, key in zip(mentions[::2], mentions[1::2], strict=True))
    return all(len(gap) < 25 and _VALUE_THEN_KEY.search(gap) for gap in gaps)


def _respectively(mentions: list[_Mention], sentence: str) -> dict[str, set[str]]:
    """Return the values of "John and Mark think the box and the basket, respectively"."""
    if "respectively" not in sentence.lower() or len(mentions) % 2:
        return {}
    half = len(mentions) // 2
    if [mention.what for mention in mentions] != ["key"] * half + ["value"] * half:
        return {}
    return {key.name: {value.name} for key, value in zip(mentions[:half], mentions[half:], strict=True)}
