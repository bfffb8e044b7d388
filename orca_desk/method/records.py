"""The words of the method as data: task, teacher record, training record, and how each is identified."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

AnswerKind = Literal["exact", "text", "number", "choice", "ordering", "keyed"]
Split = Literal["train", "heldout"]
FinishReason = Literal["stop", "length", "cancelled"]


def digest(value: Any) -> str:
    """Return the first 32 hex digits of the SHA-256 of `value` as canonical JSON: an identity."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A question that the student should learn to answer, or (split "heldout") be tested on.

    `id` is the digest of what the task asked when it was added and stays the same when it is edited.
    `strategy` overrides the family's pairing for this task alone.
    """

    family: str
    query: str
    context: str = ""
    answer: str | None = None
    answer_kind: AnswerKind | None = None
    tags: tuple[str, ...] = ()
    split: Split = "train"
    strategy: str | None = None
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            identity = digest([self.family, self.context, self.query])
            object.__setattr__(self, "id", identity)

    @property
    def user_text(self) -> str:
        """The user message: the context, if any, then the query."""
        return f"{self.context}\n\n{self.query}" if self.context else self.query


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are chosen. Temperature 0 is greedy and ignores the other filters and the seed."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int = 0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """With what a teacher record was made."""

    model_sha256: str
    quantisation: str
    template_sha256: str
    sampling: Sampling
    engine: str
    batch: int
    prompt_tokens: int
    completion_tokens: int
    finish_reason: FinishReason
    created_at: str  # ISO 8601, UTC


@dataclass(frozen=True, kw_only=True)
class TeacherRecord:
    """What the teacher was asked and answered; never changed after it is written.

    `sample` counts the answers to the same question, from 0. `id` comes from `record_identity`, so a
    repeated run knows what it already has.
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


def record_identity(
    *, system: str, user: str, sample: int, sampling: Sampling, model_sha256: str, template_sha256: str
) -> str:
    """Return the identity of a teacher record: the digest of what was asked, and with what."""
    return digest([system, user, sample, asdict(sampling), model_sha256, template_sha256])


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """A teacher record whose system instruction was erased: what the student is trained on."""

    teacher_record_id: str
    task_id: str
    family: str
    strategy: str
    system: str
    user: str
    assistant: str
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            identity = digest([self.teacher_record_id, self.system, self.user, self.assistant])
            object.__setattr__(self, "id", identity)
