"""A row of somebody's answers: the system message, the question, what a model answered, and who it was."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneOf

from orca_desk.formats.answer_columns import CONVERSATION, answer_columns, instruction_as_system
from orca_desk.formats.chat_rows import Exchange, exchange_of, has_thoughts, reply_in, system_of, turns_in
from orca_desk.formats.choices import answer_text
from orca_desk.formats.columns import plain
from orca_desk.formats.reference_answers import essence, inner_answer
from orca_desk.formats.rows import BadRow, Literal, Row
from orca_desk.formats.shapes import flat
from orca_desk.formats.values import is_missing, is_nothing, tidy
from orca_desk.method.records import AnswerKind, FinishReason
from orca_desk.method.turns import Turns, conversation_text

AnswerNote = OneOf[
    "earlier turns", "more answers", "thoughts", "damaged", "more references", "unread references"
]  # fmt: skip
_FINISHED: dict[str, FinishReason] = {
    **dict.fromkeys(("stop", "endturn", "eos", "eostoken", "endoftext", "stopsequence", "completed"), "stop"),
    **dict.fromkeys(("length", "maxtokens", "maxoutputtokens", "maxlength", "modellength"), "length"),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "abort", "error"), "cancelled"),
}  # fmt: skip
_LOST = "\ufffd"
_LONGEST_NAME = 200  # characters of a family's or a model's name
_WORDS: dict[str, str] = {"query": "question", "response": "answer", "system": "system message"}


@dataclass(frozen=True, kw_only=True)
class AnsweredRow:
    """What a row says: a model answered `response` to the question (after `context`) under `system`.

    `turns` came before the question. `answer` is the reference, None without one; `model` and `strategy` are
    names, "" if none is given. `line` is where the row begins in its file.
    """

    line: int
    system: str
    query: str
    context: str
    response: str
    answer: str | None = None
    answer_kind: AnswerKind | None = None
    family: str = ""
    model: str = ""
    strategy: str = ""
    finish_reason: FinishReason = "unknown"
    turns: Turns = ()
    raw: str = field(default="", repr=False, compare=False)

    @property
    def user_text(self) -> str:
        """The user message: the context, if any, then the question."""
        return f"{self.context}\n\n{self.query}" if self.context else self.query

    @property
    def conversation(self) -> str:
        """All that was asked, as `Task.conversation`."""
        return conversation_text(self.turns, self.user_text)


@dataclass(kw_only=True)
class AnswerReader:
    """Turns rows of one file into answered rows.

    `mapping` is what the user said. `instruction_is_system` reads Alpaca's instruction as the system message
    and its input as the question. `notes` counts what was left aside in rows that were read.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    instruction_is_system: bool = False
    notes: Counter[AnswerNote] = field(default_factory=Counter)
    _shapes: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def columns(self, names: Sequence[str]) -> dict[str, str]:
        """Return field -> column for rows with these columns."""
        key = tuple(names)
        found = self._shapes.get(key)
        if found is None:
            said = dict(self.mapping)
            if self.instruction_is_system:
                said = {**instruction_as_system(names), **said}
            found = answer_columns(key, said)
            if len(self._shapes) < 1000:
                self._shapes[key] = found
        return found

    def mapped(self, row: Row) -> dict[str, str]:
        """Return field -> column of a row."""
        return self.columns(tuple(_unfold(flat(row.values))))

    def read(self, row: Row) -> AnsweredRow | BadRow:
        """Return what a row says, or the problem with it."""
        values = _unfold(flat(row.values))
        try:
            return _Reading(self, values, self.columns(tuple(values)), row).answered()
        except _RowFaultError as fault:
            return BadRow(line=row.line, what=fault.what, hint=fault.hint, raw=row.raw, part=row.part)


class _RowFaultError(Exception):
    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


class _Reading:
    """One row on its way to an AnsweredRow."""

    def __init__(
        self, reader: AnswerReader, values: Mapping[str, Any], columns: Mapping[str, str], row: Row
    ) -> None:
        self._values, self._columns, self._row = values, columns, row
        self._reader = reader
        self._notes: Counter[AnswerNote] = Counter()

    def answered(self) -> AnsweredRow:
        said = self._conversation()
        turns: Turns
        if said is None:
            query, context, turns = self._text("query"), self._text("context"), ()
            response = self._response()
            system = self._text("system")
        else:
            query, context, turns = said.query, "", said.turns
            response = said.answer if said.answer is not None else self._response()
            system = self._text("system") or said.system
            self._notes["earlier turns"] += bool(said.turns)
            self._notes["more answers"] += bool(said.more)
        if not system:
            system = _raw_system(self._values)
        if is_missing(query):
            raise self._missing("query")
        if response is None or is_missing(response):
            raise self._missing("response")
        context = "" if is_nothing(context) else context
        reference = self._reference()
        self._notes["damaged"] += any(_LOST in text for text in (system, query, context, response))
        self._reader.notes.update(self._notes)
        return AnsweredRow(
            line=self._row.line,
            system="" if is_nothing(system) else system,
            query=query,
            context=context,
            turns=turns,
            response=response,
            answer=reference,
            family=self._name("family"),
            model=self._name("model"),
            strategy=self._name("strategy"),
            finish_reason=_FINISHED.get(plain(self._name("finish_reason")), "unknown"),
            raw=self._row.raw,
        )

    def _conversation(self) -> Exchange | None:
        column = self._columns.get(CONVERSATION) or self._columns.get("query", "")
        turns = turns_in(self._values.get(column))
        if turns is None:
            if CONVERSATION in self._columns:
                raise _RowFaultError(
                    f"{column!r} is not a list of turns with a role and a text",
                    'Write turns such as {"role": "user", "content": "..."}.',
                )
            return None
        self._notes["thoughts"] += has_thoughts(turns)
        try:
            return exchange_of(turns)
        except ValueError as error:
            raise _RowFaultError(str(error), "Correct the conversation, or remove the row.") from error

    def _response(self) -> str | None:
        """Return what the model answered: the first of several answers, which is noted."""
        value = self._values.get(self._columns.get("response", ""))
        turns = turns_in(value)
        if turns is not None:
            try:
                reply = reply_in(turns)
            except ValueError as error:
                raise _RowFaultError(str(error), "Correct the conversation, or remove the row.") from error
            if reply or not isinstance(value, str):  # else it is an answer that shows a prompt
                value = reply
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            self._notes["more answers"] += len(value) > 1
            value = value[0]
        return self._as_text("response", value) if value is not None else None

    def _reference(self) -> str | None:
        """Return the reference as an import of tasks reads it; what is not text is noted and left aside."""
        value = inner_answer(self._values.get(self._columns.get("answer", "")))
        if isinstance(value, list) and all(isinstance(one, (str, bool)) for one in value):
            texts = list(dict.fromkeys(text for one in value if (text := answer_text(one))))
            self._notes["more references"] += len({text.casefold() for text in texts}) > 1
            return texts[0] if texts else None
        if isinstance(value, (bool, Literal)):
            return answer_text(value) or None
        self._notes["unread references"] += not (value is None or isinstance(value, str))
        text = self._as_text("answer", value) if isinstance(value, str) else ""
        return None if is_missing(text) else essence(text)

    def _name(self, name: str) -> str:
        value = self._values.get(self._columns.get(name, ""))
        if isinstance(value, list) and value:
            value = value[0]
        if not isinstance(value, str) or is_nothing(value):
            return ""
        return " ".join(self._as_text(name, value).split())[:_LONGEST_NAME]

    def _text(self, name: str) -> str:
        return self._as_text(name, self._values.get(self._columns.get(name, "")))

    def _as_text(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        column = self._columns.get(name, name)
        if not isinstance(value, str) or (isinstance(value, Literal) and name in ("query", "system")):
            raise _RowFaultError(f"{column!r} is not text", "Write it as text in quotes.")
        if "\0" in value:
            raise _RowFaultError(f"{column!r} contains a NUL character", "Remove it.")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _RowFaultError(
                f"{column!r} contains half a character (a lone surrogate)", "Remove it."
            ) from error
        return tidy(value)

    def _missing(self, name: str) -> _RowFaultError:
        word = _WORDS[name]
        column = self._columns.get(name) or self._columns.get(CONVERSATION)
        if column is None:
            names = ", ".join(list(self._values)[:20])
            return _RowFaultError(
                f"there is no column with the {word}", f"Choose it. The columns are: {names}."
            )
        return _RowFaultError(f"{column!r} gives no {word}", "Fill it in, or remove the row.")


def _unfold(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the needed members of its answer, where that is an object.

    Kiln stores its runs this way, and Orca Desk lists its records this way as JSON.
    """
    record = values.get("record")
    if isinstance(record, dict) and isinstance(record.get("response"), str):
        made = record.get("provenance")
        made = made if isinstance(made, dict) else {}
        imported = made.get("imported")
        named = imported.get("model") if isinstance(imported, dict) else made.get("model_sha256")
        return {**record, "model": named, "finish_reason": made.get("finish_reason")}
    output = values.get("output")
    if not isinstance(output, dict) or not isinstance(output.get("output"), str):
        return dict(values)
    source = output.get("source")
    properties = source.get("properties") if isinstance(source, dict) else None
    model = properties.get("model_name") if isinstance(properties, dict) else None
    unfolded = {**values, "output": output["output"]}
    if isinstance(model, str):
        unfolded.setdefault("model_name", model)
    return unfolded


def _raw_system(values: Mapping[str, Any]) -> str:
    """Return the system message that distilabel keeps with what it sent to the model; "" without one."""
    metadata = values.get("distilabel_metadata")
    if not isinstance(metadata, dict):
        return ""
    for name, value in metadata.items():
        turns = turns_in(value) if name.startswith("raw_input") else None
        if turns is not None:
            try:
                return system_of(turns)
            except ValueError:
                continue
    return ""
