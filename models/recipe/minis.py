"""The minis and the base that they grow from: sizes, training plans and samples."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from models.recipe import tokenizer as bpe
from models.recipe.model import Llama, Shape
from models.recipe.priming import open_new_block, prime
from models.recipe.samples import Stream, Writer, base_samples, corpus, student_samples, teacher_samples
from models.recipe.training import Plan
from orca_desk.files import atomic_write

BUILD = Path(__file__).resolve().parents[2] / "build" / "minis"
SEED = 0
RANKS = 2  # processes that train the base together on a CPU
CORPUS_PROBLEMS = 3000


@dataclass(frozen=True, kw_only=True)
class Mini:
    """One model: its shape, its training plan, its samples (from a seed) and the model it starts from."""

    name: str
    shape: Shape
    plan: Plan
    samples: Callable[[Writer, str], Stream]
    parent: str | None = None


def _shape(layers: int) -> Shape:
    return Shape(width=96, layers=layers, heads=3, ffn=320, vocab=bpe.SIZE)


BASE = Mini(
    name="mini-base",
    shape=_shape(4),
    plan=Plan(steps=6000, learning_rate=2e-3, look_every=400),
    samples=base_samples,
)
TEACHER = Mini(
    name="mini-teacher",
    shape=_shape(6),
    plan=Plan(steps=1600, learning_rate=1e-3, look_every=400),
    samples=teacher_samples,
    parent="mini-base",
)
STUDENT = Mini(
    name="mini-student",
    shape=_shape(4),
    plan=Plan(steps=600, learning_rate=1e-3, look_every=200),
    samples=student_samples,
    parent="mini-base",
)
MINIS = {mini.name: mini for mini in (BASE, TEACHER, STUDENT)}


def tokenizer() -> Tokenizer:
    """Return the tokenizer that all share, trained at the first call and then stored beside the models."""
    path = BUILD / "tokenizer.json"
    if not path.is_file():
        atomic_write(path, bpe.train(corpus(SEED, CORPUS_PROBLEMS)).to_str())
    return Tokenizer.from_file(str(path))


def newborn(mini: Mini, parent: Llama | None) -> Llama:
    """Return a model with its first weights: primed, or its parent's with blocks added that do nothing."""
    torch.manual_seed(SEED)
    model = Llama(mini.shape)
    prime(model)
    if parent is not None:
        model.load_state_dict(parent.state_dict(), strict=False)
        for block in list(model.blocks)[parent.shape.layers :]:
            open_new_block(block)
    return model
