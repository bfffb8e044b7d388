"""Compares torch's account with llama.cpp's.

Where torch would have chosen the served token everywhere, its own greedy answer is the served one. Elsewhere
both can still be correct: two tokens can be so close that rounding decides. Such a near tie counts as
agreement only if torch's two logits differ by less than the tolerance.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Quantisation

from orca_desk.parity.accounts import Reference, Served
from orca_desk.parity.report import Agreement, ParityReport
from orca_desk.student.gguf_names import open_gguf
from orca_desk.student.safetensors_files import Floats

# The largest difference of a logit that rounding explains, in standard deviations of torch's logits
# (torch in float32; llama.cpp with its 16-bit cache). Measured over random models of five families, with
# and without strong adapters: F32 up to 0.044, F16 0.066, BF16 0.27, Q8_0 1.2. A file with rows in a wrong
# order or a wrong scale is off by more than 1, so nothing can be said of quantised files.
TOLERANCES = (
    (frozenset({Quantisation.F32}), 0.05),
    (frozenset({Quantisation.F32, Quantisation.F16}), 0.1),
    (frozenset({Quantisation.F32, Quantisation.F16, Quantisation.BF16}), 0.3),
)


def tolerance_for(model: Path) -> float | None:
    """Return the tolerance for a GGUF file, in standard deviations; None when it is quantised."""
    types = {tensor.tensor_type for tensor in open_gguf(model).tensors}
    return next((tolerance for known, tolerance in TOLERANCES if types <= known), None)


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


def make_report(
    base: tuple[Reference, Served], adapter: tuple[Reference, Served], tolerance: float | None
) -> ParityReport:
    """Report on the base and on the base with its adapter, each as the two sides account for it."""
    return ParityReport(
        base=compare(*base, tolerance),
        adapter=compare(*adapter, tolerance),
        effect=_effect(base[0].logits, adapter[0].logits, base[0].logits),
        served_effect=_effect(base[1].logits, adapter[1].logits, base[0].logits),
    )


def _effect(before: Floats, after: Floats, scale: Floats) -> float:
    return float(np.abs(after - before).max()) / _spread(scale)


def _spread(logits: Floats) -> float:
    """Return the standard deviation around each row's mean: a constant added to a row has no effect."""
    return float((logits - logits.mean(-1, keepdims=True)).std())


def _divergence(reference: Floats, served: Floats) -> float:
    p, q = _log_softmax(reference), _log_softmax(served)
    return float((np.exp(p) * (p - q)).sum(-1).mean())


def _log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
