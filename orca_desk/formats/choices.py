"""Multiple choice with the choices beside the question: they become part of it, and the answer its letter."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneOf

from orca_desk.formats.columns import plain, short_name
from orca_desk.formats.json_rows import parse
from orca_desk.formats.rows import Literal
from orca_desk.formats.values import is_missing, tidy

Mode = OneOf["letter", "text", "from 0", "from 1"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MODES: tuple[Mode, ...] = ("letter", "text", "from 0", "from 1")
_LISTS = frozenset({
    "choices", "options", "option", "choice", "answerchoices", "answeroptions", "endings", "candidates",
    "multiplechoice", "possibleanswers",
})  # fmt: skip
_TEXTS = ("text", "value", "content", "option", "choice", "answer")  # of a choice that is an object
_FLAGS = ("is_correct", "isCorrect", "correct", "is_right", "right", "is_answer")
_COLUMN = re.compile(
    r"(|option|opt|choice|answer|op|alternative|ending|sol|answeroption|answerchoice"
    r"|antwort|antwortmöglichkeit|réponse|reponse|opción|opcion|respuesta|opzione|risposta|opção|opcao|resposta"
    r"|antwoord|odpowiedź|seçenek|вариант|вариантответа|ответ|选项|選項|選択肢|보기|선택지)([a-j]|\d\d?)"
)
_ANSWER = re.compile(r"(?:answer|antwort|réponse|reponse|respuesta|risposta|resposta|antwoord|ответ)\d")
_LABELLED = re.compile(r"\(?([A-Za-z])(?:[).:]\s*|\)\s*)(?=\S)")
_BARE = re.compile(r"(?:(?:option|choice|answer)\s*)?[(\[]?([A-Za-z])[)\].:]?", re.IGNORECASE)
_INTEGER = re.compile(r"-?\d{1,3}(?:\.0)?")
_INLINE = re.compile(r"(?:^|(?<=[\s,;|]))[(\[]?([A-Za-z])\s?[).\]:]\s*(?=\S)")  # "a ) 38 , b ) 27"


@dataclass(frozen=True)
class Option:
    """A choice: its letter, what it says, and the other names that an answer may call it by.

    `is_right` says that it is marked as the right one.
    """

    letter: str
    text: str
    names: frozenset[str] = frozenset()
    is_right: bool = False


@dataclass(frozen=True, kw_only=True)
class Choosing:
    """How the rows of a file give their choices and the right one.

    `columns` hold the choices: one list of them, or one column each. `modes` are the ways to read an answer,
    in order; `sure` says whether the file shows that its numbers count from 0, or from 1.
    """

    columns: tuple[str, ...]
    modes: tuple[Mode, ...] = MODES
    sure: bool = True


@dataclass
class ChoiceCounts:
    """In how many rows of a file an answer can be read in each way.

    `rows` are those with choices and an answer, `offered` those with choices, `faulty` those with something
    else there, `lettered` those of them whose answer is a letter.
    """

    matched: Counter[Mode] = field(default_factory=Counter)
    numbers: int = 0  # answers that are JSON numbers
    rows: int = 0
    offered: int = 0
    read: int = 0
    faulty: int = 0
    lettered: int = 0

    def add(self, answer: Any, options: Sequence[Option]) -> None:
        """Count a row."""
        self.offered += len(options) > 1
        if (text := _joined(answer)) and len(options) > 1:
            self.rows += 1
            self.numbers += isinstance(answer, (int, Literal))
            found = readings(text, options)
            self.read += bool(found) or _are_several(text, options)
            self.matched.update(found.keys())

    def add_fault(self, answer: Any) -> None:
        """Count a row whose choices cannot be read."""
        self.faulty += 1
        self.lettered += _BARE.fullmatch(_joined(answer)) is not None

    def choosing(self, columns: tuple[str, ...]) -> Choosing | None:
        """Return how the answers of all these rows are best read; None if the columns hold no choices.

        Columns called a and b may hold anything: they are choices if most answers are one of them. A list
        that nobody can read is one of choices if the answers are letters: its rows are refused.
        """
        if not self.rows and all(_ANSWER.match(short_name(one)) for one in columns):
            return None  # several right answers, or the right one among others: nothing says which
        if not self.offered and 4 * self.lettered < 3 * max(self.faulty, 1):
            return None
        if len(columns) > 1 and 4 * self.read < 3 * self.rows:
            return None
        counts = self.matched
        base_0, base_1 = counts["from 0"], counts["from 1"]
        starts_at_1 = len(columns) > 1 and not short_name(columns[0]).endswith("0")
        default: Mode = "from 1" if starts_at_1 else "from 0"
        base: Mode = default if base_0 == base_1 else "from 0" if base_0 > base_1 else "from 1"
        mostly_numbers = 2 * self.numbers > self.rows
        preferred: tuple[Mode, ...] = (base, "letter", "text") if mostly_numbers else ("letter", "text", base)
        modes = tuple(sorted(preferred, key=lambda mode: -counts[mode]))
        return Choosing(columns=columns, modes=modes, sure=base_0 != base_1 or modes[0] != base)


def choice_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that hold choices, going by their names: one list, or at least two in a row."""
    names = list(columns)
    series: dict[str, dict[str, str]] = {}
    for name in names:
        word = short_name(name)
        if word in _LISTS:
            return (name,)
        if (found := _COLUMN.fullmatch(word)) and (found[1] or found[2].isalpha()):
            series.setdefault(found[1], {})[found[2]] = name
    for marks in series.values():
        for first in ("a", "0", "1"):
            found_columns = _run(marks, first)
            if len(found_columns) > 1:
                return tuple(found_columns)
    return ()


def options_of(values: Mapping[str, Any], columns: Sequence[str]) -> list[Option]:
    """Return the choices of a row, [] without any. Raises ValueError, saying why, for anything else."""
    if len(columns) == 1:
        return _listed(values.get(columns[0]))
    found = []
    for letter, column in zip(LETTERS, columns, strict=False):
        text = _text(values.get(column))
        if not is_missing(text):
            found.append(Option(letter, text, frozenset({plain(column), short_name(column)})))
    return found


def with_options(query: str, options: Sequence[Option]) -> str:
    """Return the question with its choices below it, unless it names them itself."""
    if all(option.text in query for option in options) and re.search(r"(?:^|\s)\(?A[).:]\s", query):
        return query
    return "\n".join([query, *(f"({option.letter}) {option.text}" for option in options)])


def letter_of(answer: Any, options: Sequence[Option], choosing: Choosing) -> str | None:
    """Return the letter of the right choice, or None if the row gives none.

    Raises ValueError, saying why, if the answer is none of the choices.
    """
    text = _joined(answer)
    found = readings(text, options)
    if is_missing(text) and (right := [option.letter for option in options if option.is_right]):
        if len(right) > 1:
            raise ValueError("several choices are marked correct; a task has exactly one correct choice")
        return right[0]
    if text == "-1" or (is_missing(text) and not found):  # public test sets hide their answers so
        return None
    for mode in choosing.modes:
        if mode in found:
            return found[mode]
    if _are_several(text, options):
        raise ValueError(
            f"the answer {text[:60]!r} names several choices; a task has exactly one correct choice"
        )
    raise ValueError(f"the answer {text[:60]!r} is not one of the {len(options)} choices")


def readings(text: str, options: Sequence[Option]) -> dict[Mode, str]:
    """Return the letter that an answer means in each way of reading it."""
    found: dict[Mode, str] = {}
    texts = {option.letter: option.text for option in options}
    word = plain(text)
    named = next((option.letter for option in options if word in option.names), None)
    bare = _BARE.fullmatch(text)
    labelled = _LABELLED.match(text)
    if named:
        found["letter"] = named
    elif bare and bare[1].upper() in texts:
        found["letter"] = bare[1].upper()
    elif labelled and _alike(text[labelled.end() :], texts.get(labelled[1].upper(), "")):
        found["letter"] = labelled[1].upper()
    if said := next((option.letter for option in options if _alike(text, option.text)), None):
        found["text"] = said
    if _INTEGER.fullmatch(text):
        number = int(float(text))
        for mode, first in (("from 0", 0), ("from 1", 1)):
            if 0 <= number - first < len(options):
                found[mode] = options[number - first].letter  # type: ignore[index]
    return found


def answer_text(answer: Any) -> str:
    """Return an answer as text, "" if it is missing; a list of one answer is that answer."""
    text = _joined(answer)
    return "" if is_missing(text) else text


def _joined(answer: Any) -> str:
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, list):
        return ", ".join(map(_text, answer))
    return _text(answer)


def _are_several(text: str, options: Sequence[Option]) -> bool:
    """Return whether an answer names several choices, which no task can have: "A, C"."""
    parts = [part.strip() for part in re.split(r"[,;&]", text)]
    return len(parts) > 1 and all(part and readings(part, options) for part in parts)


def _run(marks: Mapping[str, str], first: str) -> list[str]:
    """Return the columns with the marks a, b, c ... or 1, 2, 3 ..., as far as none is left out."""
    found, mark = [], first
    while mark in marks:
        found.append(marks[mark])
        mark = chr(ord(mark) + 1) if mark.isalpha() else str(int(mark) + 1)
    return found


def _listed(value: Any) -> list[Option]:
    if isinstance(value, str):
        value = _list_in(value)
    if value is None or value == [] or value == {}:
        return []
    labels: Sequence[Any] | None = None
    right: Sequence[bool] = ()
    if isinstance(value, dict):
        texts, labels = _labelled(value)
    elif isinstance(value, list) and all(isinstance(one, dict) and len(one) == 1 for one in value):
        texts = [text for one in value for text in one.values()]
        labels = [name for one in value for name in one if name not in _TEXTS] or None
    elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
        texts = [next((one[name] for name in _TEXTS if name in one), None) for one in value]
        right = [any(one.get(name) is True for name in _FLAGS) for one in value]
        labels = [one.get("label", one.get("key", one.get("id"))) for one in value]
    elif isinstance(value, list):
        texts = value
    else:
        raise ValueError("the choices are not a list")
    if not all(isinstance(text, str) for text in texts) or len(texts) > len(LETTERS):
        raise ValueError("the choices are not texts")
    found = []
    for place, text in enumerate(texts):
        names = {plain(str(labels[place]))} if labels and labels[place] is not None else set()
        is_right = bool(right) and right[place]
        letter = LETTERS[place]
        found.append(Option(letter, _bare_text(tidy(text), letter), frozenset(names), is_right))
    return found


def _labelled(value: dict[str, Any]) -> tuple[list[Any], list[Any] | None]:
    texts, labels = value.get("text"), value.get("label")
    if isinstance(texts, list):
        return texts, labels if isinstance(labels, list) and len(labels) == len(texts) else None
    if all(isinstance(one, str) for one in value.values()):
        return list(value.values()), list(value)
    raise ValueError("the choices are an object without texts")


def _list_in(text: str) -> Any:
    """Return the list that a cell of a table holds as text: as JSON, or as Python or numpy write it."""
    if is_missing(text):
        return []
    try:
        return parse(text)
    except ValueError:
        pass
    if labelled := _inline(text):
        return labelled
    start = text.strip()[:1]
    if start in "[{(":
        try:
            found = ast.literal_eval(re.sub(r"(['\"])\s+(?=['\"])", r"\1, ", text.strip()))
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError("the choices are a list that cannot be read") from error
        return list(found) if isinstance(found, tuple) else found
    for separator in ("\n", "|", ";"):
        parts = [part.strip() for part in text.split(separator) if part.strip()]
        if len(parts) > 1:
            return parts
    raise ValueError("the choices are not a list")


def _inline(text: str) -> list[str]:
    """Return the choices of a text in which each follows its letter: "A) Rome B) Oslo"; [] for any other."""
    found: list[re.Match[str]] = []
    for mark in _INLINE.finditer(text.strip()):
        if ord(mark[1].upper()) - ord("A") == len(found):
            found.append(mark)
    if len(found) < 2 or found[0].start() > 0:
        return []
    ends = [*(mark.start() for mark in found[1:]), len(text.strip())]
    return [text.strip()[mark.end() : end].strip(" \t\n,;|") for mark, end in zip(found, ends, strict=True)]


def _bare_text(text: str, letter: str) -> str:
    """Return a choice without the letter that it begins with."""
    found = _LABELLED.match(text)
    return text[found.end() :] if found and found[1].upper() == letter else text


def _alike(answer: str, text: str) -> bool:
    return " ".join(answer.split()).rstrip(".").casefold() == " ".join(text.split()).rstrip(".").casefold()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):  # a JSON number, too
        return tidy(value)
    return "" if value is None else str(value)
