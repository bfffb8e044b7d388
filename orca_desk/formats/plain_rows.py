"""The rows of plain text: a question a line, marked questions and answers, or questions with choices."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import eq

from orca_desk.formats.rows import NOT_TEXT, BadRow, Row
from orca_desk.formats.text import Line

LineReader = Callable[[Iterable[Line]], Iterator[Row | BadRow]]
LINE = "Line"  # the one column of lines that are a question each
_ASKS = (
    "question|frage|pregunta|domanda|pergunta|vraag|pytanie|soru|вопрос|питання|问题|問題|質問|问|問|질문|문제"
    "|user|human|prompt|front"
)
_ANSWERS = (
    "answer|ans|antwort|réponse|respuesta|risposta|resposta|antwoord|odpowiedź|cevap|ответ|відповідь|答案|回答|答え"
    "|答|정답|답변|답|assistant|ai|completion|response|back"
)
# "A." and "A)" are choices
_MARKED = re.compile(
    rf"\s*(?:\d+[.)]\s*)?\**(?:(?P<asks>q|{_ASKS})\s{{0,5}}\d{{0,5}}\s{{0,5}}[:：.)]"
    rf"|(?:a|{_ANSWERS})\s{{0,5}}\d{{0,5}}\s{{0,5}}[:：])\**(?:\s|(?<=：))",
    re.IGNORECASE,
)
_INLINE = re.compile(  # "What is 2 + 2? Answer: 4", "What is 2 + 2? -> 4"
    rf"(?P<asked>.*\S)(?:[\s(\[]{{1,3}}(?:{_ANSWERS})\s*[:：=]"
    rf"|(?<=[?？])\s*(?:[-–—=]>|→|[-–—=:])\s)\s*(?P<answer>\S.*?)[)\]]?",
    re.IGNORECASE,
)
_HEADING = re.compile(r"#{1,6}\s")
_NUMBER = re.compile(r"\A\s*[(\[]?(\d{1,5})[.)\]]\s+(?=\S)")
_BULLET = re.compile(r"\A\s*[-*•–]\s+(?=\S)")
_RIGHT = re.compile(r"\s*(?:\*|✓|✔|\((?:correct|right)(?: answer)?\))\Z", re.IGNORECASE)  # beside a choice
_LONGEST_MARK = 20
_SURE = 4  # marks after which other lines, such as a title, may stand before the first question
_OPTION = re.compile(r"\s*(?P<right>[*✓✔]\s*)?[(\[]?(?P<letter>[A-Ja-j])[).\]:]\s+(?=\S)")
_KEY = re.compile(
    r"\s*\**(?:(?:the\s+)?(?:correct|right)\s+)?(?:answers?|ans|key|option|choice)(?:\s+key)?\b\**"
    r"(?:\s+is\b\s*:?|\s*[:.=])\s*\**\s*(?=\S)",
    re.IGNORECASE,
)
_EXPLAINED = re.compile(
    r"\s*\**(?:explanation|rationale|reason|feedback|solution|hint)\**\s*:", re.IGNORECASE
)


def plain_reader(head: Sequence[Line]) -> LineReader | None:
    """Return the reader of plain text that marks its questions; None for other text."""
    if is_dialogue(head) and not (_is_quiz(head) and any(_KEY.match(line.text) for line in head)):
        return dialogue_rows
    return quiz_rows if _is_quiz(head) else None


def line_reader(head: Sequence[Line]) -> LineReader:
    """Return the reader of text with a question on each line, which may be numbered or have a bullet each."""
    texts = [line.text.strip() for line in head if line.text.strip()]
    if not all(map(_HEADING.match, texts)):
        texts = [text for text in texts if not _HEADING.match(text)]
    if texts and all(map(_INLINE.fullmatch, texts)):
        return inline_rows
    numbers = [int(found[1]) if (found := _NUMBER.match(text)) else -1 for text in texts]
    mark = None
    if len(texts) > 1 and numbers == list(range(1, len(texts) + 1)):
        mark = _NUMBER
    elif len(texts) > 1 and all(map(_BULLET.match, texts)):
        mark = _BULLET
    elif all(map(_HEADING.match, texts)):
        mark = _HEADING
    return lambda lines: line_rows(lines, mark)


def line_rows(lines: Iterable[Line], mark: re.Pattern[str] | None = None) -> Iterator[Row | BadRow]:
    """Yield a row with one column for each line that is not blank, without the `mark` before it."""
    for line in lines:
        if (bad := _refused(line)) and (line.fault or mark is not _HEADING):
            yield bad
        elif line.text.strip():
            text = mark.sub("", line.text, count=1) if mark else line.text
            yield Row(line=line.number, values={LINE: text}, raw=line.text)


def inline_rows(lines: Iterable[Line]) -> Iterator[Row | BadRow]:
    """Yield a row for each line that is not blank: a question, which its answer may follow."""
    for line in lines:
        text = line.text.strip()
        if bad := _refused(line):
            yield bad
        elif found := _INLINE.fullmatch(text):
            mark = _MARKED.match(found["asked"])
            asked = found["asked"][mark.end() :] if mark and mark["asks"] else found["asked"]
            values = {"question": asked, "answer": found["answer"]}
            yield Row(line=line.number, values=values, raw=line.text)
        elif text:
            yield Row(line=line.number, values={"question": text}, raw=line.text)


def is_dialogue(lines: Sequence[Line]) -> bool:
    """Return whether plain lines are questions and answers, each marked as such: "Q: Why?", "A: So."."""
    texts = [line.text for line in lines if line.text.strip()]
    marks = [found["asks"] is not None for text in texts if (found := _MARKED.match(text))]
    if not marks or not marks[0] or all(marks):
        return False
    return bool(_MARKED.match(texts[0])) or (len(marks) >= _SURE and not any(map(eq, marks, marks[1:])))


def dialogue_rows(lines: Iterable[Line]) -> Iterator[Row | BadRow]:
    """Yield a row for each question of such lines, with the answer that follows it."""
    start, raw, parts, field = 0, "", {"question": "", "answer": ""}, "question"
    for line in lines:
        if line.fault:
            yield _bad(line)
            continue
        found = _MARKED.match(line.text)
        if found and found["asks"]:
            if start:
                yield Row(line=start, values=parts, raw=raw)
            start, raw, parts, field = line.number, "", {"question": "", "answer": ""}, "question"
        elif not start:
            if line.text.strip():
                hint = "Mark it as a question if it is one."
                what = "the line stands before the first question"
                yield BadRow(line=line.number, what=what, hint=hint, raw=line.text)
            continue
        elif found:
            field = "answer"
        parts[field] += line.text[found.end() :] if found else line.text
        raw += line.text
    if start:
        yield Row(line=start, values=parts, raw=raw)


@dataclass
class _Question:
    """A question with choices that is being read."""

    line: int
    raw: str = ""
    asked: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)  # letters that are marked
    key: str = ""

    def row(self) -> Row:
        """Return the question as a row."""
        values = {
            "question": "\n".join(self.asked),
            "options": list(self.options),
            "answer": self.key or ", ".join(self.right),
        }
        return Row(line=self.line, values=values, raw=self.raw)


def quiz_rows(lines: Iterable[Line]) -> Iterator[Row | BadRow]:
    """Yield a row for each question of a text in which choices stand on the lines below a question.

    A line such as "Answer: B" follows them, or the right one is marked. What comes after that, after a blank
    line or before an "A" is the next question; in a text of numbered questions the next number is.
    """
    reader = _Quiz()
    for line in lines:
        if line.fault:
            yield _bad(line)
        else:
            yield from reader.take(line)
    yield from reader.finished()


class _Quiz:
    def __init__(self) -> None:
        self._question: _Question | None = None
        self._after: list[Line] = []  # lines after a choice, which may belong to it or be the next question
        self._is_numbered: bool | None = None
        self._was_blank = False

    def take(self, line: Line) -> Iterator[Row]:
        """Take a line; yield the question that ends with it, if one does."""
        text = line.text
        if not text.strip():
            self._was_blank = True
            return
        if self._is_numbered is None:
            self._is_numbered = _NUMBER.match(text) is not None
        question, option, key = self._question, _OPTION.match(text), _KEY.match(text)
        if question and option and _is_next(option["letter"], question.options):
            self._settle()
            self._add_option(question, option, line)
        elif question and option and question.options and option["letter"] in "Aa" and self._after:
            yield question.row()  # the lines before this "A" are its question
            self._question = question = _Question(self._after[0].number)
            for one in self._after:
                self._ask(question, one)
            self._after = []
            self._add_option(question, option, line)
        elif question and key and question.options and not question.key:
            self._settle()
            question.key, question.raw = text[key.end() :].strip().rstrip("*"), question.raw + text
        elif question and question.options and (_EXPLAINED.match(text) or self._explains(question, text)):
            question.raw += text  # what a task has no field for
        elif question is None or self._begins(question, text):
            yield from self.finished()
            self._question = question = _Question(line.number)
            self._ask(question, line)
        elif question.options:
            self._after.append(line)
        else:
            self._ask(question, line)
        self._was_blank = False

    def finished(self) -> Iterator[Row]:
        """Yield the last question."""
        if self._question:
            self._settle()
            yield self._question.row()
            self._question = None

    def _begins(self, question: _Question, text: str) -> bool:
        """Return whether a line that is not a choice begins the next question."""
        if self._is_numbered:
            return _NUMBER.match(text) is not None
        return bool(question.key) or (bool(question.options) and self._was_blank)

    def _explains(self, question: _Question, text: str) -> bool:
        """Return whether a line continues to explain the answer, in a text whose questions are numbered."""
        return bool(question.key and self._is_numbered) and not _NUMBER.match(text)

    def _ask(self, question: _Question, line: Line) -> None:
        number = _NUMBER.match(line.text) if self._is_numbered and not question.asked else None
        marked = _MARKED.match(line.text) if not question.asked else None
        mark = marked if marked and marked["asks"] else number
        question.asked.append(line.text[mark.end() if mark else 0 :].rstrip())
        question.raw += line.text

    def _add_option(self, question: _Question, option: re.Match[str], line: Line) -> None:
        text = line.text[option.end() :].rstrip()
        marked = _RIGHT.search(text, max(0, len(text) - _LONGEST_MARK))
        question.options.append(text[: marked.start()] if marked else text)
        question.raw += line.text
        if option["right"] or marked:
            question.right.append(option["letter"].upper())

    def _settle(self) -> None:
        """Give the lines after a choice to it, as it goes on."""
        if self._question and self._question.options:
            for line in self._after:
                self._question.options[-1] += f" {line.text.strip()}"
                self._question.raw += line.text
        self._after = []


def _is_next(letter: str, options: Sequence[str]) -> bool:
    return ord(letter.upper()) - ord("A") == len(options)


def _is_quiz(lines: Sequence[Line]) -> bool:
    """Return whether most choices on lines of their own come as A, B ... below a question."""
    texts = [line.text for line in lines if line.text.strip()]
    found = [option["letter"].upper() if (option := _OPTION.match(text)) else "" for text in texts]
    pairs = sum(one == "A" and after == "B" for one, after in pairwise(found))
    return bool(pairs) and not found[0] and found.count("A") == pairs


def _refused(line: Line) -> BadRow | None:
    if line.fault:
        return _bad(line)
    if _HEADING.match(line.text):
        hint = "Remove the mark before it if it is a question."
        return BadRow(line=line.number, what="the line is a heading", hint=hint, raw=line.text)
    return None


def _bad(line: Line) -> BadRow:
    return BadRow(line=line.number, what=line.fault, hint=NOT_TEXT, raw=line.raw)
