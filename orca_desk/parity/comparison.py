"""Compares torch's account with llama.cpp's.

Where torch would have chosen the served token everywhere, its own greedy answer is the served one. Elsewhere
both can still be correct: two tokens can be so close that rounding decides. Such a near tie counts as
agreement only if torch's two logits differ by less than rounding explains.

How much of an adapter alone llama.cpp applies shows in the direction of its effect: the change that it
makes to torch's logits, and the share of that change in llama.cpp's. For a whole file the weights show it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from orca_desk.parity.accounts import END, Ids, Judged, Reference, Served
from orca_desk.parity.table import FirstDifference, GateLimits, GateRow, WeightCheck
from orca_desk.student.safetensors_files import Floats

# Two tokens are near-tied if their logits are no further apart than this many times the typical difference.
TIE = 10.0
NameOf = Callable[[int], str]  # the text of a token id, or of END


def compare(
    reference: Reference,
    served: Served,
    judged: Sequence[Judged],
    *,
    label: str,
    limits: GateLimits,
    quantised: bool,
    weights: WeightCheck | None = None,
    name_of: NameOf = str,
) -> GateRow:
    """Compare the two accounts of one file; `judged` has torch's judgement of each served answer.

    `weights` is the comparison of a whole file's weights; without it, the file is an adapter beside its base.
    """
    row = GateRow(
        label=label,
        quantised=quantised,
        limits=limits,
        prompts=len(reference.prompts),
        prompts_differ=_prompts_differ(reference, served),
        vocabulary_differs=reference.logits.shape != served.logits.shape,
        end_known=reference.end in served.ends and bool(served.probes[-1]),
        weights=weights,
    )
    if row.prompts_differ or row.vocabulary_differs:
        return replace(row, first_difference=_different_prompt(reference, served, name_of))
    figures = _figures(reference, served)
    tie = _spread(reference.base_logits) * max(limits.tie, TIE * figures.get("typical", 0.0))
    row = replace(row, **figures, **_tokens(served, judged, tie))
    if weights is not None:
        row = replace(row, strength=weights.strength, shown=row.strength)
    if row.passed:
        return row
    return replace(row, first_difference=_different_answer(reference, served, judged, tie, name_of))


def _prompts_differ(reference: Reference, served: Served) -> int:
    """Return how many prompts differ; all of them where a probe does, as then they agree by chance."""
    known = slice(None) if served.probes[-1] else slice(-1)  # an example without end is another fault
    if reference.probes[known] != served.probes[known]:
        return len(reference.prompts)
    return sum(a != b for a, b in zip(reference.prompts, served.prompts, strict=True))


def _figures(reference: Reference, served: Served) -> dict[str, Any]:
    """Return the figures that come from the logits; None for all, where some are not numbers."""
    ours = (reference.logits, reference.base_logits, served.logits, served.base_logits)
    if not all(np.isfinite(logits).all() for logits in ours):
        return {}
    spread = _spread(reference.base_logits)
    apart = (served.logits - reference.logits).astype(np.float64)
    change = _centred(reference.logits - reference.base_logits)
    has_base = len(served.base_logits) > 0
    shown = _centred(served.logits - (served.base_logits if has_base else reference.base_logits))
    energy = float((change * change).sum())
    base_apart = np.abs(served.base_logits - reference.base_logits) if has_base else None
    return {
        "largest": float(np.abs(apart).max()) / spread,
        "typical": float(np.sqrt((apart * apart).mean())) / spread,
        "divergence": _divergence(reference.logits, served.logits),
        "effect": float(np.abs(change).max()) / spread,
        "effect_typical": float(np.sqrt((change * change).mean())) / spread,
        "strength": float((shown * change).sum()) / energy if energy > 0 else None,
        "base_largest": None if base_apart is None else float(base_apart.max()) / spread,
    }


def _tokens(served: Served, judged: Sequence[Judged], tie: float) -> dict[str, Any]:
    """Count the tokens of all answers, and the answers that ended."""
    pairs = [
        (token == best, gap)
        for tokens, one in zip(served.tokens, judged, strict=True)
        for token, best, gap in zip(tokens, one.best, one.gaps, strict=True)
    ]
    return {
        "tokens": len(pairs),
        "tokens_equal": sum(equal for equal, _ in pairs),
        "near_ties": sum(not equal and gap <= tie for equal, gap in pairs),
        "ends": sum(END in tokens for tokens in served.tokens),
        "ends_expected": sum(END in one.best for one in judged),
    }


def _different_prompt(reference: Reference, served: Served, name_of: NameOf) -> FirstDifference | None:
    """Return where the first prompt differs, or the first probe, which has the number 0."""
    numbered = [*enumerate(reference.prompts, 1), *((0, probe) for probe in reference.probes)]
    theirs = (*served.prompts, *served.probes)
    for (number, expected), got in zip(numbered, theirs, strict=True):
        if expected != got:
            place = _parting(expected, got)
            return FirstDifference(
                where="prompt",
                prompt=number,
                place=place + 1,
                expected=name_of(expected[place]) if place < len(expected) else "",
                got=name_of(got[place]) if place < len(got) else "",
            )
    return None


def _parting(one: Ids, other: Ids) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _different_answer(
    reference: Reference, served: Served, judged: Sequence[Judged], tie: float, name_of: NameOf
) -> FirstDifference:
    """Return the first token that is not a near tie; without any, where the logits differ most."""
    for number, (tokens, one) in enumerate(zip(served.tokens, judged, strict=True), 1):
        for place, (token, best, gap) in enumerate(zip(tokens, one.best, one.gaps, strict=True), 1):
            if token != best and not gap <= tie:  # a gap that is not a number counts too
                return FirstDifference(
                    where="answer", prompt=number, place=place, expected=name_of(best), got=name_of(token)
                )
    apart = np.nan_to_num(np.abs(served.logits - reference.logits), nan=np.inf)
    prompt, column = divmod(int(apart.argmax()), apart.shape[1])
    return FirstDifference(
        where="logits",
        prompt=prompt + 1,
        place=1,
        expected=f"{reference.logits[prompt, column]:.4g}",
        got=f"{served.logits[prompt, column]:.4g}",
        token=name_of(column),
    )


def _centred(logits: Floats) -> npt.NDArray[np.float64]:
    """Return `logits` around each row's mean: a constant added to a row has no effect."""
    exact = logits.astype(np.float64)
    return np.asarray(exact - exact.mean(-1, keepdims=True))


def _spread(logits: Floats) -> float:
    return float(_centred(logits).std())


def _divergence(reference: Floats, served: Floats) -> float:
    p, q = _log_softmax(reference), _log_softmax(served)
    return float((np.exp(p) * (p - q)).sum(-1).mean())


def _log_softmax(logits: Floats) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
