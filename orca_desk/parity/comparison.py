"""Does llama.cpp serve what torch trained? Two accounts of the same prompts, and what they differ in.

llama.cpp answers held-out prompts greedily (`Served`); torch then reads each prompt with that answer and
says at every token which one it would have chosen, and how far the served one is behind (`Reference`).
Where torch would have chosen the same token everywhere, its own greedy answer is the served one. Where
not, both may still be right: two tokens can be so close that rounding decides. Such a near tie counts as
agreement only if torch's two logits differ by less than the tolerance.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.files import atomic_writer
from orca_desk.student.gguf_names import open_gguf
from orca_desk.student.safetensors_files import Floats

END = -1  # in place of a token id: the answer ended here, with whichever of the model's end tokens
Ids = tuple[int, ...]

# The largest difference of a logit that rounding explains, in standard deviations of torch's logits
# (torch in float32; llama.cpp with its 16-bit cache). Measured over random models of five families, with
# and without strong adapters: F32 up to 0.044, F16 0.066, BF16 0.27, Q8_0 1.2. A file with rows in a wrong
# order or a wrong scale is off by more than 1, so nothing can be said of quantised files.
TOLERANCES = (
    (frozenset({Quantisation.F32}), 0.05),
    (frozenset({Quantisation.F32, Quantisation.F16}), 0.1),
    (frozenset({Quantisation.F32, Quantisation.F16, Quantisation.BF16}), 0.3),
)

# An adapter that moves no logit by this share of their spread moves no answer. Each side is compared with
# itself, so rounding cannot pass for an effect.
NO_EFFECT = 1e-3


def tolerance_for(model: Path) -> float | None:
    """Return the tolerance for a GGUF file, in standard deviations; None when it is quantised."""
    types = {tensor.tensor_type for tensor in open_gguf(model).tensors}
    return next((tolerance for known, tolerance in TOLERANCES if types <= known), None)


class _Account:
    """A dataclass of ragged lists of numbers and of `logits`, kept in an npz file."""

    def save(self, path: Path) -> None:
        """Write the account, all or nothing."""
        arrays: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name == "logits":
                arrays[name] = value
            else:
                arrays[name] = np.array([item for row in value for item in row])
                arrays[f"{name}.lengths"] = np.array([len(row) for row in value], np.int64)
        with atomic_writer(path) as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            fields = {name: arrays[name] for name in arrays.files if name == "logits"}
            for name in arrays.files:
                if f"{name}.lengths" in arrays.files:
                    ends = np.cumsum(arrays[f"{name}.lengths"])[:-1]
                    fields[name] = tuple(tuple(row.tolist()) for row in np.split(arrays[name], ends))
        return cls(**fields)


@dataclass(frozen=True, kw_only=True)
class Served(_Account):
    """llama.cpp's account: the prompts' ids, its greedy answers, and logits [prompts, vocabulary].

    An answer that ended by itself has END as its last token; the logits are those of the first token of
    the answers.
    """

    prompts: tuple[Ids, ...]
    tokens: tuple[Ids, ...]
    logits: Floats


@dataclass(frozen=True, kw_only=True)
class Reference(_Account):
    """torch's account of `Served`: its own ids of the prompts, and for every served token its own choice.

    `gaps` says how far the served token's logit is below the best one; 0 where both are the same.
    """

    prompts: tuple[Ids, ...]
    best: tuple[Ids, ...]
    gaps: tuple[tuple[float, ...], ...]
    logits: Floats


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two accounts compare. Differences of logits are in standard deviations of torch's logits.

    `max_logit_difference` is absolute, `relative_difference` the same in standard deviations,
    `divergence` the mean Kullback-Leibler divergence of the first token's distribution in nats. `agree`
    says whether only rounding lies between the two; None when there is no tolerance to judge by.
    """

    prompts: int
    prompts_differ: int
    tokens: int
    tokens_equal: int
    near_ties: int
    max_logit_difference: float
    relative_difference: float
    divergence: float
    tolerance: float | None
    agree: bool | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "agree", self._judge())

    def _judge(self) -> bool | None:
        if self.prompts_differ:
            return False
        if self.tolerance is None:
            return None
        explained = self.tokens_equal + self.near_ties
        return self.relative_difference <= self.tolerance and explained == self.tokens


@dataclass(frozen=True, kw_only=True)
class ParityReport:
    """The base alone, the base with its adapter, and what the adapter changes.

    `effect` and `served_effect` are the largest change of a logit that the adapter makes in torch and in
    llama.cpp, in standard deviations; `is_no_op` says that one of them is nothing. `agree` says whether
    llama.cpp serves what torch trained (None: the file is quantised, so it cannot be said), and
    `sentence` all of it in words.
    """

    base: Agreement
    adapter: Agreement
    effect: float
    served_effect: float
    is_no_op: bool = field(init=False)
    agree: bool | None = field(init=False)
    sentence: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_no_op", min(self.effect, self.served_effect) < NO_EFFECT)
        object.__setattr__(self, "agree", self._judge())
        object.__setattr__(self, "sentence", self._say())

    def _judge(self) -> bool | None:
        if self.is_no_op or False in (self.base.agree, self.adapter.agree):
            return False
        return None if self.adapter.agree is None else True

    def _say(self) -> str:
        ours = self.adapter
        ties = f" (and {ours.near_ties} near-tied)" if ours.near_ties else ""
        found = (
            f"{ours.tokens_equal} of {ours.tokens} tokens of {ours.prompts} answers are equal{ties}, logits "
            f"within {ours.max_logit_difference:.3g}, {ours.relative_difference:.2%} of their spread"
        )
        if ours.prompts_differ:
            return (
                f"torch and llama.cpp read {ours.prompts_differ} of {ours.prompts} prompts as other tokens."
            )
        if self.is_no_op:
            where = "torch" if self.effect < NO_EFFECT else "llama.cpp"
            return f"The adapter changes nothing in {where}: its logits are those of the base."
        if self.agree is None:
            return f"The served file is quantised, so it differs from the trained model by design: {found}."
        verdict = "agree" if self.agree else "do not agree"
        return f"torch and llama.cpp {verdict}: {found}; up to {ours.tolerance:.0%} may be rounding."


def judge(rows: Floats, tokens: Sequence[int], ends: Collection[int]) -> tuple[Ids, tuple[float, ...]]:
    """Return torch's own choices and how far the served `tokens` are behind them.

    `rows` [tokens, vocabulary] are the logits from which each token would be chosen; `ends` are the ids
    that end an answer, all of which count as END.
    """
    best, gaps = [], []
    for row, token in zip(rows, tokens, strict=True):
        top = int(row.argmax())
        served = row[list(ends)].max() if token == END else row[token]
        best.append(END if top in ends else top)
        gaps.append(float(row[top] - served))
    return tuple(best), tuple(gaps)


def compare(reference: Reference, served: Served, tolerance: float | None) -> Agreement:
    """Compare the two accounts of the same prompts."""
    spread = _spread(reference.logits)
    difference = float(np.abs(reference.logits - served.logits).max())
    pairs = [
        (token == best, gap)
        for tokens, bests, gaps in zip(served.tokens, reference.best, reference.gaps, strict=True)
        for token, best, gap in zip(tokens, bests, gaps, strict=True)
    ]
    return Agreement(
        prompts=len(served.prompts),
        prompts_differ=sum(a != b for a, b in zip(reference.prompts, served.prompts, strict=True)),
        tokens=len(pairs),
        tokens_equal=sum(equal for equal, _ in pairs),
        near_ties=sum(not equal and gap <= (tolerance or 0.0) * spread for equal, gap in pairs),
        max_logit_difference=difference,
        relative_difference=difference / spread,
        divergence=_divergence(reference.logits, served.logits),
        tolerance=tolerance,
    )


def report(
    base: tuple[Reference, Served], adapter: tuple[Reference, Served], tolerance: float | None
) -> ParityReport:
    """Put together what the two comparisons and the difference between them say."""
    return ParityReport(
        base=compare(*base, tolerance),
        adapter=compare(*adapter, tolerance),
        effect=_effect(base[0].logits, adapter[0].logits, base[0].logits),
        served_effect=_effect(base[1].logits, adapter[1].logits, base[0].logits),
    )


def _effect(before: Floats, after: Floats, scale: Floats) -> float:
    return float(np.abs(after - before).max()) / _spread(scale)


def _spread(logits: Floats) -> float:
    """The standard deviation of the logits around each row's mean: adding to a whole row changes nothing."""
    return float((logits - logits.mean(-1, keepdims=True)).std())


def _divergence(reference: Floats, served: Floats) -> float:
    p, q = _log_softmax(reference), _log_softmax(served)
    return float((np.exp(p) * (p - q)).sum(-1).mean())


def _log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
