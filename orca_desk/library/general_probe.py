"""The general probe: short questions of ten kinds that measure what a student lost by its training.

They were written for Orca Desk, and are held out of everything: no record that asks one is fit for training.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache

from orca_desk.method.records import AnswerKind, question_key
from orca_desk.method.splits import variant_key
from orca_desk.paths import resources

QUESTIONS = "general.jsonl"
PROMPTS = "neutral.txt"


@dataclass(frozen=True, kw_only=True)
class ProbeQuestion:
    """A question with its reference answer; `also` are other answers that are as correct."""

    kind: str
    question: str
    answer: str
    answer_kind: AnswerKind
    also: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of what is asked: see `question_key`."""
        return question_key(self.question)


@cache
def probe_questions() -> tuple[ProbeQuestion, ...]:
    """Return all questions, kind by kind."""
    lines = (resources() / "probe" / QUESTIONS).read_text(encoding="utf-8").splitlines()
    values = [json.loads(line) for line in lines]
    return tuple(ProbeQuestion(**{**one, "also": tuple(one.get("also", ()))}) for one in values)


@cache
def probe_keys() -> frozenset[str]:
    """Return the keys of all questions, by which tasks and records that ask one of them are found."""
    return frozenset(one.key for one in probe_questions())


@cache
def probe_variants() -> frozenset[int]:
    """Return the keys of all questions by which variants are found too: see `variant_key`."""
    return frozenset(variant_key(one.question) for one in probe_questions())


@cache
def neutral_prompts() -> tuple[str, ...]:
    """Return requests of everyday life on which two models' next-token distributions are compared."""
    lines = (resources() / "probe" / PROMPTS).read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line)


@cache
def probe_version() -> str:
    """Return the digest of the probe's files: results of different versions do not compare."""
    files = (resources() / "probe" / name for name in (QUESTIONS, PROMPTS))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:32]
