"""The data of the method: task, teacher record and training record, and the identity of each."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from json.encoder import encode_basestring
from typing import Any, Literal

from orca_desk.errors import SettingError
from orca_desk.method.thoughts import split_thoughts
from orca_desk.method.turns import Turns, conversation_text, text_to_compare, turns_of

AnswerKind = Literal["exact", "text", "number", "math", "choice", "ordering", "keyed"]
Split = Literal["train", "heldout"]
FinishReason = Literal["stop", "length", "cancelled", "unknown"]  # unknown: it was not recorded


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """Return the first 32 hex digits of the SHA-256 of `value` as canonical JSON: an identity."""
    return hashlib.sha256(_CANONICAL.encode(value).encode()).hexdigest()[:32]


def question_key(user_text: str) -> str:
    """Return the key of what is asked (see `Task.conversation`), 32 hex digits: equal keys ask the same."""
    return hashlib.sha256(user_text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def task_identity(family: str, context: str, query: str, turns: Turns = ()) -> str:
    """Return the identity of a task: the `digest` of these, in an order that never changes."""
    if turns:
        return digest([family, context, query, turns])
    # What `digest` makes of three texts, in a third of the time
    said = f"[{_quoted(family)},{_quoted(context)},{_quoted(query)}]"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _quoted(text: str) -> str:
    """Return a text as canonical JSON."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'  # in half the time
    return encode_basestring(text)


def content_key(user_text: str, answer: str) -> str:
    """Return the key of a user message with its answer, 32 hex digits: equal ones teach the same."""
    return hashlib.sha256(json.dumps([user_text, answer]).encode()).hexdigest()[:32]


def is_blank(answer: str) -> bool:
    """Return whether an answer says nothing, or nothing after its thoughts, so that it can teach nothing."""
    return not split_thoughts(answer)[1].strip()


@dataclass(frozen=True, kw_only=True)
class Task:
    """A question for the student to learn to answer, or (split "heldout") to be tested on.

    `id` is the digest of the task as it was added; editing it or renaming its family does not change it.
    Whether two tasks ask the same, whatever their families, is told by `question_key` of their
    `conversation`. `turns` come before the question. `strategy` overrides the family's pairing for this task
    alone.
    """

    family: str
    query: str
    context: str = ""
    answer: str | None = None
    answer_kind: AnswerKind | None = None
    tags: tuple[str, ...] = ()
    split: Split = "train"
    strategy: str | None = None
    turns: Turns = ()
    id: str = ""

    def __post_init__(self) -> None:
        if self.turns != ():
            object.__setattr__(self, "turns", turns_of(self.turns))
        if not self.id:
            identity = task_identity(self.family, self.context, self.query, self.turns)
            object.__setattr__(self, "id", identity)

    @property
    def user_text(self) -> str:
        """The user message: the context, if any, then the query."""
        return f"{self.context}\n\n{self.query}" if self.context else self.query

    @property
    def conversation(self) -> str:
        """All that is asked as one text: the user message, after the earlier turns if there are any."""
        return conversation_text(self.turns, self.user_text)

    @property
    def compared_text(self) -> str:
        """The text by which the task is compared with others that may ask nearly the same."""
        return text_to_compare(self.turns, self.user_text)


def _about(
    help_text: str,
    low: float | None = None,
    high: float | None = None,
    *,
    level: Literal["simple", "all"] = "all",
) -> dict[str, Any]:
    """Return a field's metadata: its help, its lowest and highest value, and at which level it is shown."""
    return {"help": help_text, "low": low, "high": high, "level": level}


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are chosen. Temperature 0 is greedy and ignores the other filters and the seed.

    Constructing one checks it; a bad value raises UserError.
    """

    temperature: float = field(
        default=0.0, metadata=_about("0 is greedy: always the likeliest token.", 0, level="simple")
    )
    top_k: int = field(default=40, metadata=_about("Only the k likeliest tokens; 0: all.", 0, 1_000_000))
    top_p: float = field(
        default=0.95, metadata=_about("Only the likeliest tokens that make up this share; 1: all.", 0, 1)
    )
    min_p: float = field(
        default=0.05,
        metadata=_about("Only tokens at least this share as likely as the likeliest; 0: all.", 0, 1),
    )
    seed: int = field(
        default=0,
        metadata=_about("Seed of the random choices; sample k of a task adds k.", 0, 2**31 - 1),
    )
    max_tokens: int = field(
        default=512,
        metadata=_about("Maximum answer length in tokens; a longer answer is cut off.", 1, level="simple"),
    )
    stop: tuple[str, ...] = field(default=(), metadata=_about("A text that ends an answer; can be repeated."))

    def __post_init__(self) -> None:
        for entry in fields(self):
            if problem := sampling_problem(entry.name, getattr(self, entry.name)):
                raise SettingError(entry.name, problem, "Choose another value.")

    @property
    def effective(self) -> "Sampling":
        """These settings, with the defaults for those that have no effect at temperature 0."""
        if self.temperature:
            return self
        return Sampling(temperature=0.0, max_tokens=self.max_tokens, stop=self.stop)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Sampling":
        """Return the settings whose fields JSON holds. Raises KeyError or TypeError when they do not fit."""
        return cls(**{**values, "stop": tuple(values["stop"])})


def sampling_problem(name: str, value: Any) -> str:
    """Return the problem with a value for the field `name` of `Sampling`, or an empty text."""
    about = next(entry.metadata for entry in fields(Sampling) if entry.name == name)
    low, high = about["low"], about["high"]
    if name == "stop":
        return "an empty text cannot end an answer" if "" in value else ""
    if math.isfinite(value) and value >= low and (high is None or value <= high):
        return "with 0, no token can be chosen" if name == "top_p" and value == 0 else ""
    limits = f"{low:,} or more" if high is None else f"from {low:,} to {high:,}"
    return f"{value} is not {limits}"


@dataclass(frozen=True, kw_only=True)
class ImportedFrom:
    """The file that an answer made elsewhere came from.

    `file` is its name, `sha256` that of its content ("" for pasted text), `line` where the row begins, from
    1. `model` is who answered, as the file or the user named it; "" if nobody did.
    """

    file: str
    sha256: str
    line: int
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The origin of a teacher record: the model and how it was run, or the file it was imported from.

    Of an imported record, what its file does not tell is unknown: None, or "" where the value is a text, and
    0 for the batch. `created_at` is then the time of the import.
    """

    model_sha256: str
    quantisation: str
    template_sha256: str
    sampling: Sampling | None
    engine: str
    batch: int
    prompt_tokens: int | None
    completion_tokens: int | None
    finish_reason: FinishReason
    created_at: str  # ISO 8601, UTC
    imported: ImportedFrom | None = None

    @classmethod
    def of_import(cls, source: ImportedFrom, *, finish_reason: FinishReason, created_at: str) -> "Provenance":
        """Return what is known of a record that was imported."""
        return cls(
            model_sha256="",
            quantisation="",
            template_sha256="",
            sampling=None,
            engine="",
            batch=0,
            prompt_tokens=None,
            completion_tokens=None,
            finish_reason=finish_reason,
            created_at=created_at,
            imported=source,
        )


@dataclass(frozen=True, kw_only=True)
class TeacherRecord:
    """The teacher's question and answer; never changes once it is written.

    `sample` counts the answers to the same question, from 0. `id` is the `record_identity`, by which a
    repeated run finds the records that it already has.
    """

    id: str
    task_id: str
    family: str
    strategy: str
    strategy_version: int
    sample: int
    system: str
    user: str
    response: str
    provenance: Provenance
    turns: Turns = ()

    @property
    def conversation(self) -> str:
        """All that the teacher was asked, as `Task.conversation`."""
        return conversation_text(self.turns, self.user)


def record_identity(
    *,
    system: str,
    user: str,
    sample: int,
    sampling: Sampling,
    model_sha256: str,
    template_sha256: str,
    exact: bool = False,
) -> str:
    """Return the identity of a teacher record: the digest of its question, model and sampling.

    `user` is all that is asked, with earlier turns (`Task.conversation`).
    At temperature 0 the seed and the filters choose nothing and count as the default ones, so that another
    seed does not ask for the same text again. `exact` counts them, as the identities of older records do.
    """
    used = sampling if exact else sampling.effective
    return digest([system, user, sample, asdict(used), model_sha256, template_sha256])


def imported_identity(*, system: str, user: str, response: str, model: str) -> str:
    """Return the identity of an imported record: equal rows, of whatever file, are one record.

    `user` is all that was asked, with earlier turns.
    The answer is part of it, as how it was sampled is unknown.
    """
    return digest(["imported", system, user, response, model])


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """A teacher record with its system instruction erased, for training the student."""

    teacher_record_id: str
    task_id: str
    family: str
    strategy: str
    system: str
    user: str
    assistant: str
    turns: Turns = ()
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            said = [self.turns] if self.turns else []
            identity = digest([self.teacher_record_id, self.system, *said, self.user, self.assistant])
            object.__setattr__(self, "id", identity)
