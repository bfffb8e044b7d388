"""What a student lost by its training, measured against its base, and when that is a lot.

Three measures, as each sees what the others miss: answers to general questions, graded and paired; how far
apart the distributions of the next token are on everyday requests; and how long the answers are. Forgetting
follows the divergence (Shenfeld, Pari and Agrawal, arXiv 2509.04259), which also tells where answers cannot:
a model that answers no general question correctly has no answer to lose.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from statistics import quantiles
from typing import Any, Literal, Self

from orca_desk.method.statistics import Comparison, Share, compare, share_of

Loss = Literal["answers", "divergence", "longer", "shorter"]

# A smaller loss is hardly told from chance: with every tenth of 220 answers changed, the paired test needs 12
# more losses than gains, 5.5 points; with every twentieth, 9 more, 4 points.
LARGE_LOSS = 0.05
# Nats per token. This far from itself is Llama 3 8B once its weights are rounded to two bits (Q2_K: 0.33 with
# an importance matrix, 0.45 without; four bits: 0.03; llama.cpp, tools/perplexity/README.md): people notice.
LARGE_DIVERGENCE = 0.33
LARGE_RATIO = 2.0  # of the answers' lengths: twice as long takes twice the time, half as long leaves out half
FLOOR = 0.05  # a base that answers less than this share has hardly an answer to lose
RESAMPLES = 2_000


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its 95% interval: the percentiles of 2,000 resamples of the questions, the seed fixed."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PromptDivergence:
    """What was found on one prompt: the divergence summed over `tokens` places, and the `changed` choices."""

    tokens: int
    nats: float
    changed: int


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """How far the student's next-token distributions are from the base's, on the base's own answers.

    `nats` is the mean KL divergence KL(base || student) per token, `changed` the share of places at which
    another token is the likeliest.
    """

    nats: Estimate
    changed: float
    tokens: int
    prompts: int


@dataclass(frozen=True, kw_only=True)
class GeneralAnswer:
    """One model's answer to a general question; `ended` is False for one that was cut off."""

    correct: bool
    tokens: int
    ended: bool


@dataclass(frozen=True, kw_only=True)
class Forgetting:
    """What a student lost against its base. Comparisons are student minus base, on the same questions.

    `kinds` are the kinds of questions. `unasked` counts the questions that one of the two could not be asked:
    they are left out for both. `ratio` is that of the mean answer lengths. `system` is the message that both
    were given, `probe` the version of the questions.
    """

    probe: str
    system: str
    base: Share
    student: Share
    overall: Comparison
    kinds: Mapping[str, Comparison]
    base_tokens: float
    student_tokens: float
    ratio: Estimate
    base_cut: int
    student_cut: int
    unasked: int
    divergence: Divergence

    @property
    def is_floor(self) -> bool:
        """Whether the base answers so few questions that no loss could show in its answers."""
        return self.base.share < FLOOR

    @cached_property
    def large(self) -> tuple[Loss, ...]:
        """What was lost to an extent that a user should know."""
        found: list[Loss] = []
        if self.overall.finding == "worse" and self.overall.difference <= -LARGE_LOSS:
            found.append("answers")
        if self.divergence.nats.value > LARGE_DIVERGENCE:
            found.append("divergence")
        if self.ratio.value >= LARGE_RATIO:
            found.append("longer")
        elif self.ratio.value <= 1 / LARGE_RATIO:
            found.append("shorter")
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON values; see `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote. Raises KeyError or TypeError when it does not fit."""
        divergence = values["divergence"]
        return cls(
            **{
                **values,
                "base": Share(**values["base"]),
                "student": Share(**values["student"]),
                "overall": Comparison(**values["overall"]),
                "kinds": {name: Comparison(**one) for name, one in values["kinds"].items()},
                "ratio": Estimate(**values["ratio"]),
                "divergence": Divergence(**{**divergence, "nats": Estimate(**divergence["nats"])}),
            }
        )


def forgetting(
    base: Mapping[str, GeneralAnswer],
    student: Mapping[str, GeneralAnswer],
    kinds: Mapping[str, str],
    divergences: Sequence[PromptDivergence],
    *,
    probe: str,
    system: str,
) -> Forgetting:
    """Compare two models' answers to the questions whose `kinds` are given, all by the questions' keys.

    Raises ValueError without a question that both answered, or without a divergence.
    """
    shared = [key for key in kinds if key in base and key in student]
    groups: dict[str, list[str]] = {}
    for key in shared:
        groups.setdefault(kinds[key], []).append(key)

    def compared(keys: Sequence[str]) -> Comparison:
        return compare([student[key].correct for key in keys], [base[key].correct for key in keys])

    lengths = [(base[key].tokens, student[key].tokens) for key in shared]
    return Forgetting(
        probe=probe,
        system=system,
        overall=compared(shared),
        kinds={kind: compared(keys) for kind, keys in groups.items()},
        base=share_of(sum(base[key].correct for key in shared), len(shared)),
        student=share_of(sum(student[key].correct for key in shared), len(shared)),
        base_tokens=sum(one for one, _ in lengths) / len(lengths),
        student_tokens=sum(one for _, one in lengths) / len(lengths),
        ratio=ratio_of_sums([(after, before) for before, after in lengths]),
        base_cut=sum(not base[key].ended for key in shared),
        student_cut=sum(not student[key].ended for key in shared),
        unasked=len(kinds) - len(shared),
        divergence=_divergence(divergences),
    )


def ratio_of_sums(pairs: Sequence[tuple[float, float]]) -> Estimate:
    """Return sum(first) / sum(second), with an interval over the pairs; 0 where the second sum is 0.

    Pairs are resampled whole (Efron's percentile bootstrap): the tokens of one answer are not independent.
    Raises ValueError without any pair.
    """
    if not pairs:
        raise ValueError("nothing was measured")
    chosen = random.Random(0)
    found = [_ratio(chosen.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES)]
    cuts = quantiles(found, n=40, method="inclusive")
    return Estimate(value=_ratio(pairs), low=cuts[0], high=cuts[-1])


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    below = sum(second for _, second in pairs)
    return sum(first for first, _ in pairs) / below if below else 0.0


def _divergence(found: Sequence[PromptDivergence]) -> Divergence:
    tokens = sum(one.tokens for one in found)
    return Divergence(
        nats=ratio_of_sums([(one.nats, one.tokens) for one in found]),
        changed=sum(one.changed for one in found) / tokens if tokens else 0.0,
        tokens=tokens,
        prompts=len(found),
    )
