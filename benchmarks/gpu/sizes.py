"""How large everything is: on a GPU the real sizes, without one small ones."""

from dataclasses import dataclass
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build" / "benchmarks"
RANK = 16


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The sizes of a run; `layers` to `vocab` are those of the large model, `tasks` are answered."""

    name: str
    records: int
    batch_tokens: int
    seconds: float  # of training that are measured, a way
    trial_steps: int  # of each of TRL's settings, before its fastest is measured
    layers: int
    width: int
    ffn: int
    heads: int
    kv_heads: int
    vocab: int
    dtype: str
    tasks: int
    answer_tokens: int
    slots: tuple[int, ...]  # of the server that are tried

    @property
    def is_gpu(self) -> bool:
        """Whether these are the sizes for a GPU."""
        return self is GPU


GPU = Scale(
    name="gpu",
    records=6000,
    batch_tokens=8192,
    seconds=8.0,
    trial_steps=4,
    layers=28,
    width=1536,
    ffn=8960,
    heads=12,
    kv_heads=2,
    vocab=151_936,
    dtype="bfloat16",
    tasks=256,
    answer_tokens=128,
    slots=(32, 64),
)
SMALL = Scale(
    name="cpu",
    records=200,
    batch_tokens=2048,
    seconds=4.0,
    trial_steps=2,
    layers=2,
    width=256,
    ffn=1024,
    heads=4,
    kv_heads=2,
    vocab=8192,
    dtype="float32",
    tasks=48,
    answer_tokens=64,
    slots=(8,),
)


def device() -> str:
    """Return what training uses here by itself, as torch names it."""
    from orca_desk.student.accelerator.choice import choose_device

    return choose_device().name


def scale() -> Scale:
    """Return the sizes for this machine."""
    return GPU if device() != "cpu" else SMALL
