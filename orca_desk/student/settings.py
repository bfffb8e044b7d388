"""The settings of a training run; importable without torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from orca_desk.errors import SettingError, UserError

Schedule = Literal["cosine", "linear", "constant"]
Truncation = Literal["refuse", "drop", "cut"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Checkpointing = Literal["auto", "on", "off"]
Thoughts = Literal["train", "mask"]
BaseBits = Literal["16", "4"]
Compile = Literal["auto", "on", "off"]
Engine = Literal["auto", "torch", "mlx"]

CHOICES: dict[str, tuple[str, ...]] = {
    "schedule": ("cosine", "linear", "constant"),
    "truncation": ("refuse", "drop", "cut"),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
    "gradient_checkpointing": ("auto", "on", "off"),
    "thoughts": ("train", "mask"),
    "base_bits": ("16", "4"),
    "compile": ("auto", "on", "off"),
    "engine": ("auto", "torch", "mlx"),
}
LATER = frozenset(
    {"base_bits", "compile", "early_stop_margin", "engine", "thoughts"}
)  # settings that earlier versions lacked
MOST = 10**9  # of what has no other limit
# Lowest and highest sensible value of each number
RANGES: dict[str, tuple[float, float]] = {
    "rank": (1, 1024),
    "alpha": (1e-6, MOST),
    "dropout": (0.0, 0.9),
    "learning_rate": (1e-9, 1.0),
    "warmup": (0.0, 1.0),
    "weight_decay": (0.0, 1.0),
    "clip": (0.0, MOST),
    "epochs": (1, MOST),
    "batch_tokens": (1, MOST),
    "accumulation": (1, MOST),
    "max_length": (2, MOST),
    "seed": (0, 2**32 - 1),
    "eval_fraction": (0.0, 0.5),
    "eval_every": (0, MOST),
    "early_stop": (0, MOST),
    "early_stop_margin": (0.0, 10.0),
    "checkpoint_every": (0, MOST),
    "threads": (0, 1024),
}


def _about(help_text: str, level: Literal["simple", "all"] = "all") -> dict[str, str]:
    """Return a field's metadata; `level` "simple" marks the few settings shown to everyone."""
    return {"help": help_text, "level": level}


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Every choice of a LoRA run. The constructor raises UserError for a bad value."""

    rank: int = field(
        default=16,
        metadata=_about("Rank of the adapter: how much it can change. Usually 8 to 64.", "simple"),
    )
    alpha: float = field(
        default=32.0, metadata=_about("Strength of the adapter: its change is scaled by alpha / rank.")
    )
    rslora: bool = field(
        default=False,
        metadata=_about("Scale by alpha / sqrt(rank), which suits high ranks (arXiv 2312.03732)."),
    )
    targets: str = field(
        default="all-linear",
        metadata=_about("Layers with an adapter: all-linear, or names such as q_proj,v_proj."),
    )
    dropout: float = field(
        default=0.0,
        metadata=_about("Share of the adapter's inputs dropped at random. Above 0, training is slower."),
    )
    learning_rate: float = field(
        default=2e-4, metadata=_about("Peak learning rate. Small models tolerate a higher one.", "simple")
    )
    schedule: Schedule = field(
        default="cosine",
        metadata=_about("How the learning rate decays: cosine or linear to 0, or constant."),
    )
    warmup: float = field(
        default=0.03, metadata=_about("Share of the steps during which the learning rate rises from 0.")
    )
    weight_decay: float = field(default=0.0, metadata=_about("AdamW's decay of the adapter's weights."))
    clip: float = field(
        default=1.0,
        metadata=_about("Largest norm of the gradient; a larger one is scaled down. 0: no limit."),
    )
    epochs: int = field(default=2, metadata=_about("How many times to train on each record.", "simple"))
    batch_tokens: int = field(
        default=4096, metadata=_about("Tokens per batch, including padding. Fewer need less memory.")
    )
    accumulation: int = field(default=1, metadata=_about("Batches whose gradients are summed for one step."))
    max_length: int = field(
        default=2048,
        metadata=_about("Maximum tokens per record, also limited by the model's context.", "simple"),
    )
    truncation: Truncation = field(
        default="refuse",
        metadata=_about("What to do with longer records: refuse to start, drop them, or cut off their end."),
    )
    thoughts: Thoughts = field(
        default="train",
        metadata=_about(
            "What to do with thoughts, which a reasoning teacher writes between tags such as <think> before "
            "its answer: train them like the answer, or mask them, so that the student reads them and is "
            "trained on the answer alone."
        ),
    )
    seed: int = field(
        default=0, metadata=_about("Seed of all randomness: initial weights, order of records, dropout.")
    )
    eval_fraction: float = field(
        default=0.05,
        metadata=_about("Share of the questions held out of training for the validation loss.", "simple"),
    )
    eval_every: int = field(
        default=50,
        metadata=_about("Steps between measurements of the validation loss. 0: at the end of each epoch."),
    )
    early_stop: int = field(
        default=0,
        metadata=_about("Stop after this many evaluations without a lower validation loss. 0: never."),
    )
    early_stop_margin: float = field(
        default=0.0,
        metadata=_about(
            "Smallest fall of the validation loss, in nats per token, that counts as lower "
            "for stopping early."
        ),
    )
    keep_best: bool = field(
        default=True,
        metadata=_about("Use the adapter with the lowest validation loss rather than the last one."),
    )
    checkpoint_every: int = field(
        default=50,
        metadata=_about(
            "Steps between checkpoints, at most a minute apart. 0: only at the end, a stop or a pause."
        ),
    )
    dtype: Dtype = field(
        default="auto",
        metadata=_about("Number format of the base model. Auto: the faster one on this machine."),
    )
    gradient_checkpointing: Checkpointing = field(
        default="auto",
        metadata=_about("Compute activations twice to save memory. Auto: only if they would not fit."),
    )
    threads: int = field(default=0, metadata=_about("CPU threads. 0: one per core."))
    base_bits: BaseBits = field(
        default="16",
        metadata=_about(
            "Bits per weight of the frozen base. 16: its number format. 4: its linear layers are packed "
            "(NF4, by bitsandbytes) while the adapter is trained, which saves memory; the adapter is merged "
            "into the unquantised weights."
        ),
    )
    compile: Compile = field(
        default="auto",
        metadata=_about(
            "Compile the layers for a GPU before training (torch.compile), which takes about a minute. Auto: "
            "where that is measured to pay for the whole training."
        ),
    )

    engine: Engine = field(
        default="auto",
        metadata=_about(
            "Library that computes the training: torch, or Apple's MLX, which is slow on a CPU. Auto: MLX on "
            "a Mac's GPU, torch everywhere else."
        ),
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            _check(entry.name, getattr(self, entry.name))
        if not self.target_names:
            raise SettingError("targets", "no layer is named", "Use all-linear, or names like q_proj.")

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names in `targets`."""
        return tuple(name.strip() for name in self.targets.split(",") if name.strip())

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON values.

        One that earlier versions lacked is left out at its default, so that their trainings can be resumed.
        """
        values = asdict(self)
        defaults = {name: self.__dataclass_fields__[name].default for name in LATER}
        return {name: one for name, one in values.items() if name not in LATER or one != defaults[name]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrainSettings":
        """Build settings from JSON values; a missing one has its default.

        Raises UserError for an unknown name or a bad value.
        """
        known = [entry.name for entry in fields(cls)]
        for name in values:
            if name not in known:
                raise UserError(f"{name!r} is not a training setting.", f"Choose from {', '.join(known)}.")
        return cls(**values)


def _check(name: str, value: Any) -> None:
    """Raise UserError unless `value` has the type of the setting's default and lies in its range."""
    default: Any = TrainSettings.__dataclass_fields__[name].default
    is_whole = isinstance(default, float) and type(value) is int
    if type(value) is not type(default) and not is_whole:
        raise SettingError(name, f"{value!r} is not possible", f"Use a value like the default, {default!r}.")
    if name in CHOICES and value not in CHOICES[name]:
        raise SettingError(name, f"{value!r} is not possible", f"Choose from {', '.join(CHOICES[name])}.")
    if name in RANGES:
        low, high = RANGES[name]
        if not low <= value <= high:  # NaN is in no range, and a file can have a number of any length
            limit = f"at least {low:g}" if value < low and high == MOST else f"from {low:g} to {high:g}"
            shown = f"{value:g}" if isinstance(value, float) else str(value)[:20]
            raise SettingError(name, f"{shown} is not possible", f"It must be {limit}.")
