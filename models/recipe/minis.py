"""The two minis: their sizes, how long they learn, and from what."""

from collections.abc import Callable
from dataclasses import dataclass

from tokenizers import Tokenizer

from models.recipe import tokenizer as bpe
from models.recipe.model import Shape
from models.recipe.samples import Stream, Writer, corpus, student_samples, teacher_samples
from models.recipe.training import Plan

SEED = 0
CORPUS_PROBLEMS = 3000


@dataclass(frozen=True, kw_only=True)
class Mini:
    """One bundled model: its shape, its training plan and its stream of samples (from a seed)."""

    name: str
    shape: Shape
    plan: Plan
    samples: Callable[[Writer, int], Stream]


TEACHER = Mini(
    name="mini-teacher",
    shape=Shape(width=128, layers=4, heads=4, ffn=384, vocab=bpe.SIZE),
    plan=Plan(steps=5000, learning_rate=2e-3, look_every=400),
    samples=teacher_samples,
)
STUDENT = Mini(
    name="mini-student",
    shape=Shape(width=96, layers=4, heads=3, ffn=320, vocab=bpe.SIZE),
    plan=Plan(steps=8000, learning_rate=2e-3, look_every=600),
    samples=student_samples,
)
MINIS = {mini.name: mini for mini in (TEACHER, STUDENT)}


def tokenizer() -> Tokenizer:
    """Return the tokenizer that both minis share, learned afresh: the same one every time."""
    return bpe.train(corpus(SEED, CORPUS_PROBLEMS))
