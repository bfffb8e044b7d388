"""A row as a task: each field from its column, in one form, or the reason why the row is none."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast, get_args
from typing import Literal as OneOf

from orca_desk.formats.chat_rows import (
    END_OF_THOUGHTS,
    alternating,
    exchange_of,
    has_thoughts,
    is_reply,
    reply_in,
    turns_beside,
    turns_in,
)
from orca_desk.formats.choices import Choosing, answer_text, letter_of, options_of, with_options
from orca_desk.formats.columns import is_conversation, plain
from orca_desk.formats.mapped import MAX_SHAPES, Mapped, map_fields
from orca_desk.formats.reference_answers import essence, has_aliases, inner_answer
from orca_desk.formats.rows import BadRow, Literal, Row, native
from orca_desk.formats.shapes import TOOLS, VERDICT, flat, is_wanted, reply_column, verdict_column
from orca_desk.formats.spoken import spoken
from orca_desk.formats.values import is_missing, is_nothing, plain_html, split_of, tidy
from orca_desk.method.records import AnswerKind, Split, Task
from orca_desk.method.turns import Turns

Note = OneOf["systems", "several answers", "splits", "kinds", "damaged", "tools", "thoughts", "unwanted"]
_OUR_ID = re.compile(r"[0-9a-f]{32}")
LOST = "\ufffd"  # what a program writes for a letter that it could not read


@dataclass(kw_only=True)
class RowReader:
    """Turns rows of one file into tasks.

    `mapping` is what the user said (field -> column, "" for none), `defaults` what the file's form says.
    `aside` are pairs of field and column whose values are no such thing, `choosing` says how choices are
    given, for each set of columns with such, `html` that texts are HTML, `spaced_tags` that spaces separate
    tags, `header` that the columns' names were read from the file's first row. `notes` counts what was left
    aside in rows that became tasks.
    """

    family: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    aside: Collection[tuple[str, str]] = ()
    choosing: Sequence[Choosing] = ()
    html: bool = False
    spaced_tags: bool = False
    header: bool = False
    notes: Counter[Note] = field(default_factory=Counter)
    _shapes: dict[tuple[str, ...], Mapped] = field(default_factory=dict)

    def mapped(self, names: Sequence[str]) -> Mapped:
        """Return where the fields of a row with these columns are."""
        key = tuple(names)
        found = self._shapes.get(key)
        if found is None:
            found = map_fields(
                key, asked=self.mapping, defaults=self.defaults, aside=self.aside, choosing=self.choosing
            )
            if len(self._shapes) < MAX_SHAPES:
                self._shapes[key] = found
        return found

    def task(self, row: Row) -> Task | BadRow:
        """Return the task in a row, or the problem with the row."""
        values = flat(row.values)
        asked = self.mapping.get("query")
        if asked is not None and asked not in values:
            hint = f"The columns are: {', '.join(list(values)[:20])}."
            what = f"there is no column {asked!r} with the question"
            return BadRow(line=row.line, what=what, hint=hint, raw=row.raw, part=row.part)
        mapped = self.mapped(tuple(values))
        try:
            return _RowTask(self, values, mapped).task()
        except UnicodeEncodeError:
            what = "the row contains half a character (a lone surrogate)"
            return BadRow(line=row.line, what=what, hint="Remove it.", raw=row.raw, part=row.part)
        except _FaultError as fault:
            return BadRow(line=row.line, what=fault.what, hint=fault.hint, raw=row.raw, part=row.part)

    @staticmethod
    def is_ours(value: Any) -> bool:
        """Return whether an id is one that Orca Desk wrote: "1", "2" ... would clash with the next file's."""
        return isinstance(value, str) and len(value) == 32 and bool(_OUR_ID.fullmatch(value))


class _FaultError(Exception):
    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class _Asked(NamedTuple):
    """Question, context, the turns before it and the answer."""

    query: str
    context: str
    turns: Turns
    answer: str | None


class _RowTask:
    """One row on its way to a task."""

    def __init__(self, reader: RowReader, values: Mapping[str, Any], mapped: Mapped) -> None:
        self._reader, self._columns = reader, mapped.columns
        self._choices, self._choosing = mapped.choices, mapped.choosing
        self._row, self._earlier = values, mapped.earlier
        self._values = {name: values[column] for name, column in mapped.columns.items()}
        self._is_ours = RowReader.is_ours(self._values.get("id"))
        self._notes: Counter[Note] = Counter()
        if mapped.instead and self._values.get("answer") in (None, "", []):
            self._values["answer"] = values.get(mapped.instead)
        verdict = verdict_column(values)
        wanted = None if (VERDICT, verdict) in reader.aside else is_wanted(values)
        self._is_unwanted = wanted is False and "answer" not in reader.mapping
        if wanted is not None and mapped.columns.get("answer") == verdict:
            self._values["answer"] = values.get(reply_column(values))
        self._notes["unwanted"] += self._is_unwanted

    def task(self) -> Task:
        query, context, turns, answer = self._question()
        kind = self._kind()
        if self._choices:
            query, answer, is_choice = self._chosen(query, answer)
            kind = kind or ("choice" if is_choice else None)
        task = Task(
            query=query,
            context=context,
            turns=turns,
            answer=answer,
            answer_kind=kind,
            family=self._name("family") or self._reader.family,
            tags=self._tags(),
            split=self._split(),
            strategy=self._name("strategy") or None,
            id=str(self._values["id"]) if self._is_ours else "",
        )
        self._notes["damaged"] += LOST in query or LOST in context or LOST in (answer or "")
        if any(self._notes.values()):
            self._reader.notes.update(self._notes)
        return task

    def _question(self) -> "_Asked":
        """Return what is asked, from texts or from a conversation."""
        if is_reply(self._row) and not is_conversation(self._columns.get("query", "")):
            hint = "Its question is in another row: write both into one."
            raise _FaultError("the row is a reply in a conversation, not a question", hint)
        turns = self._turns()
        context = self._context()
        if turns is None:
            return _Asked(self._query(), context, self._beside(), self._answer())
        context = "\n\n".join(filter(None, (self._tools(), context)))
        try:
            exchange = exchange_of(turns)
        except ValueError as error:
            raise _FaultError(str(error), "A task needs a question by a user.") from error
        if not exchange.query:
            raise _FaultError("the last turn of the user is blank", "Fill it in, or remove the row.")
        self._notes["systems"] += bool(exchange.system)
        self._notes["tools"] = int(self._notes["tools"] or exchange.tools)
        self._notes["thoughts"] = int(self._notes["thoughts"] or has_thoughts(turns))
        answer = self._answer()
        if answer is None and not self._is_unwanted:
            answer = essence(exchange.answer)
        return _Asked(exchange.query, context, exchange.turns or self._beside(), answer)

    def _tools(self) -> str:
        """Return what a row says that a model may call, as text."""
        found = next(
            (self._row[name] for name in TOOLS if self._row.get(name) not in (None, "", "[]", [])), None
        )
        if found is None:
            return ""
        text = found if isinstance(found, str) else json.dumps(native(found), ensure_ascii=False)
        self._notes["tools"] = 1
        return f"Tools: {clean(text, 'tools')}"

    def _beside(self) -> Turns:
        """Return the turns that a row keeps beside its question, such as examples of it."""
        value = self._row.get(self._earlier)
        if value in (None, "", []):
            return ()
        turns = turns_beside(value)
        if turns is None:
            raise _FaultError(f"{self._earlier!r} is not a list of turns", "Correct it, or leave it empty.")
        try:
            exchange = exchange_of([*turns, {"role": "user", "content": "?"}])
        except ValueError as error:
            raise _FaultError(str(error), "Correct the turns before the question.") from error
        self._notes["systems"] += bool(exchange.system)
        return exchange.turns

    def _turns(self) -> list[dict[str, Any]] | None:
        asked = self._values.get("query")
        column = plain(self._columns.get("query", ""))
        if isinstance(asked, str) and not is_conversation(column) and (self._is_ours or self._quotes(asked)):
            return None
        turns = turns_in(asked)
        if turns is None and is_conversation(column) and column != "turns":  # MT-Bench's are all the user's
            return alternating(asked)
        return turns

    def _quotes(self, asked: str) -> bool:
        """Return whether a question quotes a conversation: the row's answer is not what ends that."""
        said, own = spoken(asked), self._values.get("answer")
        if not said or said[-1][0] != "assistant" or not isinstance(own, str) or is_missing(own):
            return False
        return essence(said[-1][1]) != essence(tidy(own))

    def _query(self) -> str:
        value = self._values.get("query")
        column = self._columns.get("query", "query")
        if value is None or value == "":
            if "query" in self._columns:
                raise _FaultError(
                    f"{column!r} is empty", "Fill it in, or choose another column for the question."
                )
            raise _FaultError("there is no column with the question", self._which_columns())
        text = self._text("query")
        if not text or (not self._is_ours and is_missing(text)):
            raise _FaultError("the question is blank", "Fill it in, or remove the row.")
        return text

    def _which_columns(self) -> str:
        names = ", ".join(" ".join(name.split())[:40] for name in list(self._row)[:20])
        known = f" The columns are: {names}." if names else ""
        no_header = " If that is a task, the first row is not a header (in a command: --no-header)."
        other = no_header if self._reader.header else ""
        return f"Choose the column that holds it.{known}{other}"

    def _context(self) -> str:
        value = self._values.get("context")
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return "\n\n".join(map(tidy, value))
        text = self._text("context")
        return "" if not self._is_ours and is_nothing(text) else text

    def _answer(self) -> str | None:
        if self._is_unwanted:
            return None
        value = inner_answer(self._values.get("answer"))
        self._notes["thoughts"] |= isinstance(value, str) and END_OF_THOUGHTS in value
        self._notes["several answers"] += has_aliases(self._values.get("answer"), value)
        if isinstance(value, list):
            turns = turns_in(value)
            if turns is not None:
                return essence(self._reply(turns))
            return self._first_of(value)
        if isinstance(value, (bool, Literal)):
            return answer_text(value) or None
        text = self._text("answer", value)
        if self._is_ours:
            return text or None
        return None if is_missing(text) else essence(text)

    @staticmethod
    def _reply(turns: list[dict[str, Any]]) -> str | None:
        try:
            return reply_in(turns)
        except ValueError as error:
            raise _FaultError(str(error), "Correct the conversation, or remove the row.") from error

    def _first_of(self, value: list[Any]) -> str | None:
        """Return the first of several right answers, and note that others there are."""
        if not all(isinstance(one, (str, bool, int)) for one in value):
            column = self._columns["answer"]
            raise _FaultError(f"{column!r} is a list of more than texts", "Write one answer.")
        answers = list(dict.fromkeys(text for one in value if (text := answer_text(one))))
        self._notes["several answers"] += len({text.casefold() for text in answers}) > 1
        return answers[0] if answers else None

    def _chosen(self, query: str, answer: str | None) -> tuple[str, str | None, bool]:
        """Return the question with its choices, the letter of the right one, and whether there are any."""
        assert self._choosing is not None  # a row has columns of choices only where the reader knows them
        try:
            options = options_of(self._row, self._choices)
            if len(options) < 2:
                return query, answer, False
            given = inner_answer(self._values.get("answer"))
            letter = letter_of(given if given is not None else answer, options, self._choosing)
        except ValueError as error:
            hint = "Correct the row, or choose other columns for choices and answer."
            raise _FaultError(str(error), hint) from error
        return with_options(query, options), letter, True

    def _kind(self) -> AnswerKind | None:
        kind = self._name("answer_kind").casefold()
        known = get_args(AnswerKind)
        if kind and kind not in known:
            if self._is_said("answer_kind"):
                hint = f"Use one of {', '.join(known)}, or leave it empty."
                raise _FaultError(f"the answer type {kind!r} is unknown", hint)
            self._notes["kinds"] += 1
            return None
        return cast(AnswerKind, kind) if kind else None

    def _split(self) -> Split:
        text = self._name("split")
        split = split_of(text) if text else "train"
        if split is None:
            if self._is_said("split"):
                raise _FaultError(f"the split {text!r} is unknown", "Use train or heldout.")
            self._notes["splits"] += 1
        return split or "train"

    def _tags(self) -> tuple[str, ...]:
        """Tags as a list of texts, or one text with commas."""
        value = self._values.get("tags")
        if isinstance(value, list):
            if not all(isinstance(tag, str) and not isinstance(tag, Literal) for tag in value):
                raise _FaultError("a tag is not text", "Write tags as a list of texts.")
            return tuple(clean(tag, "tags") for tag in value)
        text = self._name("tags")
        if "," not in text and self._reader.spaced_tags:
            return tuple(text.split())
        return tuple(tag.strip() for tag in text.split(",") if tag.strip())

    def _name(self, name: str) -> str:
        """Return a short optional field; a number is as good as a text there."""
        value = self._values.get(name)
        if value is None:
            return ""
        if isinstance(value, (bool, Literal)):
            return answer_text(value)
        text = self._text(name, value).strip()
        return "" if not self._is_ours and is_nothing(text) else text

    def _is_said(self, name: str) -> bool:
        """Return whether the user named the column of a field."""
        return bool(self._reader.mapping.get(name))

    def _text(self, name: str, value: Any = None) -> str:
        value = self._values.get(name) if value is None else value
        if value is None:
            return ""
        column = self._columns.get(name, name)
        if not isinstance(value, str) or isinstance(value, Literal):
            other = "" if name == "query" else ", or choose no column for it"
            raise _FaultError(
                f"{column!r} is {_type(value)}, not text", f"Write it as text in quotes{other}."
            )
        text = clean(value, column)
        return tidy(plain_html(text) if self._reader.html else text)


def clean(text: str, column: str) -> str:
    """Return `text`, unless JSON escapes gave it what no text file can contain: NULs and half characters."""
    if "\0" in text:
        raise _FaultError(f"{column!r} contains a NUL character", "Remove it.")
    if not is_whole(text):
        raise _FaultError(f"{column!r} contains half a character (a lone surrogate)", "Remove it.")
    return text


def is_whole(text: str) -> bool:
    """Return whether a text has no half characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _type(value: Any) -> str:
    if isinstance(value, Literal):
        return "a number"
    return {bool: "true or false", list: "a list", dict: "an object"}.get(type(value), type(value).__name__)
