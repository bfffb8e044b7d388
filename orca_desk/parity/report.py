"""The result of a parity check as a finding and its figures, without numpy: the host stores and words it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

# An adapter that moves no logit by this share of their spread changes no answer. Each side is compared with
# itself, so rounding cannot pass for an effect.
NO_EFFECT = 1e-3


class ParityFinding(StrEnum):
    """What a parity check found, the gravest first."""

    PROMPTS_DIFFER = "prompts differ"  # the two sides tokenise the prompts differently
    NO_EFFECT_IN_TORCH = "no effect in torch"  # the adapter changes nothing
    NO_EFFECT_IN_LLAMA_CPP = "no effect in llama.cpp"
    DISAGREES = "disagrees"
    QUANTISED = "quantised"  # the file differs by design, so nothing can be said
    AGREES = "agrees"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two accounts compare. The spread of logits is their standard deviation in torch.

    `max_logit_difference` is absolute, `relative_difference` the same as a share of the spread,
    `divergence` the mean Kullback-Leibler divergence of the first token's distribution in nats.
    `tolerance` is the share of the spread that rounding explains; None for a quantised file. `agree` tells
    whether rounding explains all differences; None where there is no tolerance.
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
    """The base without and with its adapter, and what the adapter changes.

    `effect` and `served_effect` are the largest change of a logit that the adapter causes in torch and in
    llama.cpp, as a share of the logits' spread; `is_no_op` tells that one of them is nothing. `agree` tells
    whether llama.cpp serves what torch trained; None for a quantised file, where nobody can tell.
    """

    base: Agreement
    adapter: Agreement
    effect: float
    served_effect: float
    finding: ParityFinding = field(init=False)
    is_no_op: bool = field(init=False)
    agree: bool | None = field(init=False)

    def __post_init__(self) -> None:
        finding = self._find()
        agree = None if finding is ParityFinding.QUANTISED else finding is ParityFinding.AGREES
        object.__setattr__(self, "finding", finding)
        object.__setattr__(self, "is_no_op", min(self.effect, self.served_effect) < NO_EFFECT)
        object.__setattr__(self, "agree", agree)

    def _find(self) -> ParityFinding:
        if self.adapter.prompts_differ:
            return ParityFinding.PROMPTS_DIFFER
        if self.effect < NO_EFFECT:
            return ParityFinding.NO_EFFECT_IN_TORCH
        if self.served_effect < NO_EFFECT:
            return ParityFinding.NO_EFFECT_IN_LLAMA_CPP
        if False in (self.base.agree, self.adapter.agree):
            return ParityFinding.DISAGREES
        return ParityFinding.QUANTISED if self.adapter.agree is None else ParityFinding.AGREES

    def to_json(self) -> str:
        """Return the report as JSON; see `report_from_json`."""
        return json.dumps(asdict(self))


def report_from_json(text: str) -> ParityReport | None:
    """Return the report that `to_json` wrote, or None where `text` is something else."""
    if not text.startswith("{"):
        return None
    try:
        stored = json.loads(text)
        return ParityReport(
            base=_agreement(stored["base"]),
            adapter=_agreement(stored["adapter"]),
            effect=float(stored["effect"]),
            served_effect=float(stored["served_effect"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _agreement(stored: Mapping[str, Any]) -> Agreement:
    return Agreement(**{each.name: stored[each.name] for each in fields(Agreement) if each.init})
