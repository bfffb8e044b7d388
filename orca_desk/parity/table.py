"""The gate's table: what was found of each file, free of numpy, so that the host can store and word it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal

# An adapter that moves no logit by this share of their spread changes no answer.
NO_EFFECT = 1e-3
# With less than this share of the adapter a file is taken to lack it.
HALF = 0.5
# How far the share of the adapter may be from 1. Measured: up to 0.02, in BF16 files that round it away.
STRENGTH = 0.1
LONGEST_TOKEN = 30  # characters that are shown


class GateFinding(StrEnum):
    """What the check of one file found, the gravest first."""

    PROMPTS_DIFFER = "prompts differ"  # the two sides tokenise or render differently
    VOCABULARY_DIFFERS = "vocabulary differs"  # they choose among other numbers of tokens
    END_UNKNOWN = "end unknown"  # llama.cpp does not stop at the token that ends a turn
    NO_NUMBERS = "no numbers"  # a side computes infinities or NaN
    NO_EFFECT_IN_TORCH = "no effect in torch"  # the adapter changes nothing
    BASE_DIFFERS = "base differs"  # already without the adapter
    NO_EFFECT_IN_LLAMA_CPP = "no effect in llama.cpp"
    WEIGHTS_DIFFER = "weights differ"  # a tensor is not what was trained, rounded
    WRONG_STRENGTH = "wrong strength"  # the adapter acts, but too much or too little
    DIFFERS = "differs"
    PASSED = "passed"


@dataclass(frozen=True, kw_only=True)
class FirstDifference:
    """The first place where llama.cpp and torch part, in the words of their tokens.

    `prompt` counts from 1, `place` counts the tokens of the prompt or of its answer from 1. For "logits",
    where all tokens agree, it is the place of the largest difference: `expected` and `got` are the logits of
    `token`.
    """

    where: Literal["prompt", "answer", "logits"]
    prompt: int
    place: int
    expected: str
    got: str
    token: str = ""

    def __str__(self) -> str:
        """Return it in words: "prompt 3, token 7 of the answer: 'box' in torch, 'bag' in llama.cpp"."""
        prompt = f"prompt {self.prompt}" if self.prompt else "a test text"
        if self.where == "logits":
            place, sides = f"logit of {_quoted(self.token)}", (self.expected, self.got)
        else:
            place = f"token {self.place}{' of the answer' if self.where == 'answer' else ''}"
            sides = (_quoted(self.expected), _quoted(self.got))
        return f"{prompt}, {place}: {sides[0]} in torch, {sides[1]} in llama.cpp"


@dataclass(frozen=True, kw_only=True)
class GateLimits:
    """What rounding explains in files of one type; see `orca_desk.parity.limits`.

    `largest` and `typical` limit the largest and the root mean square difference of a logit, as shares of the
    logits' spread; `tie` is the share by which the logit of a near-tied token may at least lie behind the
    best (further where logits typically differ more); `unequal` the share of tokens that may differ beyond.
    """

    kind: str
    largest: float | None
    typical: float
    tie: float
    unequal: float


@dataclass(frozen=True, kw_only=True)
class WeightCheck:
    """How a whole file's tensors compare with what was trained; see `orca_desk.parity.weights`.

    `rounding` is the root mean square difference of `tensor`, the one that is furthest beyond or closest to
    its `limit`, as a share of the size of its values; None if it is missing, of another shape or no numbers.
    `strength` is the share of the adapter in the weights. `layer` is the one where that share,
    `layer_strength`, is furthest from 1 beyond what rounding explains (`layer_beyond`).

    `rounded_base` says that the base's own weights lie on the grid of a quantised file. To round their sum
    with an adapter that is finer than the grid to few bits again takes parts of it away, or enlarges them.
    """

    tensor: str
    rounding: float | None
    limit: float
    strength: float | None
    layer: str
    layer_strength: float
    layer_beyond: float
    rounded_base: bool = False

    @property
    def is_rounded(self) -> bool:
        """Whether rounding explains all tensors."""
        return self.rounding is not None and self.rounding <= self.limit


@dataclass(frozen=True, kw_only=True)
class GateRow:
    """What was found of one file. The spread of logits is their standard deviation in torch.

    Without numbers, differences are None. `largest` and `typical` are the largest and the root mean square
    difference of a logit after the prompts, as shares of the spread, `divergence` the mean Kullback-Leibler
    divergence of the first token's distribution in nats. Of `tokens` greedy tokens, `tokens_equal` are those
    that torch would choose too, `near_ties` those that are almost as likely. `ends` answers ended, and torch
    would have ended `ends_expected`. `effect` and `effect_typical` are the largest and the root mean
    square change of a logit by the adapter in torch, `strength` the share of the adapter that the file
    holds, 1 being all of it: by its `weights`, or, for a file of an adapter alone, by what it changes. None
    where the adapter changes nothing. `shown` is the share of its change in a whole file's logits,
    `base_largest` compares the served base without an adapter alone.
    """

    label: str
    quantised: bool
    limits: GateLimits
    prompts: int
    prompts_differ: int = 0
    vocabulary_differs: bool = False
    end_known: bool = True
    tokens: int = 0
    tokens_equal: int = 0
    near_ties: int = 0
    ends: int = 0
    ends_expected: int = 0
    largest: float | None = None
    typical: float | None = None
    divergence: float | None = None
    effect: float | None = None
    effect_typical: float | None = None
    strength: float | None = None
    shown: float | None = None
    base_largest: float | None = None
    weights: WeightCheck | None = None
    first_difference: FirstDifference | None = None
    finding: GateFinding = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "finding", self._find())

    @property
    def passed(self) -> bool:
        """Whether the file says what was trained."""
        return self.finding is GateFinding.PASSED

    @property
    def rounds_again(self) -> bool:
        """Whether weights that were rounded already are rounded again, by which adapters change."""
        return self.quantised and self.weights is not None and self.weights.rounded_base

    @property
    def unequal(self) -> int:
        """How many tokens differ by more than a near tie."""
        return self.tokens - self.tokens_equal - self.near_ties

    def _find(self) -> GateFinding:
        limits = self.limits
        if self.prompts_differ:
            return GateFinding.PROMPTS_DIFFER
        if self.vocabulary_differs:
            return GateFinding.VOCABULARY_DIFFERS
        if not self.end_known:
            return GateFinding.END_UNKNOWN
        if self.largest is None or self.typical is None or self.effect is None:
            return GateFinding.NO_NUMBERS
        if self.effect < NO_EFFECT or self.strength is None:
            return GateFinding.NO_EFFECT_IN_TORCH
        if self.base_largest is not None and self.base_largest > (limits.largest or limits.tie):
            return GateFinding.BASE_DIFFERS
        if self.strength < HALF and not (self.rounds_again and (self.shown or 0.0) >= HALF):
            return GateFinding.NO_EFFECT_IN_LLAMA_CPP
        weights = self.weights
        if weights is not None and not weights.is_rounded:
            return GateFinding.WEIGHTS_DIFFER
        if self._is_off(self.strength):
            return GateFinding.WRONG_STRENGTH
        far = limits.largest is not None and self.largest > limits.largest
        if far or self.typical > limits.typical or self.unequal > limits.unequal * self.tokens:
            return GateFinding.DIFFERS
        return GateFinding.PASSED

    def _is_off(self, strength: float) -> bool:
        """Return whether the adapter is too weak or too strong.

        What rounding again did to the weights may cancel out in what they say, so that either may tell.
        """
        if self.rounds_again:
            both = (strength, self.shown if self.shown is not None else strength)
            return min(abs(one - 1) for one in both) > HALF
        layer = 0.0 if self.weights is None else self.weights.layer_beyond
        return max(abs(strength - 1), layer) > STRENGTH


@dataclass(frozen=True, kw_only=True)
class GateTable:
    """The rows of all files that were checked together; `passed` tells that none failed."""

    rows: tuple[GateRow, ...]
    passed: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "passed", bool(self.rows) and all(row.passed for row in self.rows))

    @property
    def failed(self) -> tuple[GateRow, ...]:
        """The rows that failed."""
        return tuple(row for row in self.rows if not row.passed)

    def to_json(self) -> str:
        """Return the table as JSON; see `table_from_json`."""
        return json.dumps({"gate": asdict(self)})


def table_from_json(text: str) -> GateTable | None:
    """Return the table that `to_json` wrote, or None where `text` is something else."""
    if not text.startswith("{"):
        return None
    try:
        return GateTable(rows=_rows(json.loads(text)["gate"]["rows"]))
    except (ValueError, KeyError, TypeError):
        return None


def _quoted(token: str) -> str:
    """Return a token's text, of which a line break is all that some have, as one short line."""
    shown = token if len(token) <= LONGEST_TOKEN else f"{token[: LONGEST_TOKEN - 1]}…"
    return repr(shown) if token else "nothing"


def _rows(stored: Sequence[Mapping[str, Any]]) -> tuple[GateRow, ...]:
    return tuple(row_from_dict(row) for row in stored)


def row_from_dict(stored: Mapping[str, Any]) -> GateRow:
    """Return the row of which `asdict` made `stored`."""
    values = {name: value for name, value in stored.items() if name != "finding"}
    values["limits"] = GateLimits(**values["limits"])
    if values["weights"] is not None:
        values["weights"] = WeightCheck(**values["weights"])
    if values["first_difference"] is not None:
        values["first_difference"] = FirstDifference(**values["first_difference"])
    return GateRow(**values)
