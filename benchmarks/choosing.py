"""How well measured outcomes choose a strategy: `python -m benchmarks.choosing [--json] [--quick]`.

1. Halvings: on 14 families of BIG-Bench Hard, a real model's direct and step-by-step answers as our grader
   judges them, the rule of `method/pairing.py` chooses by a random half of the questions of each family and
   is scored on the other. Without a choice, a family is scored as answered step by step: it keeps what it
   had. The same for other margins and confidences, and with each third of the families left out.
2. Tournament: how many answers it takes until it ends by itself, against the even allocation (as many tasks
   for every family and strategy) with which as large a share of the families has a right choice: a strategy
   that is truly not worse than the family's best by the margin. On the same outcomes, and on made-up families
   with four and with seven strategies whose true accuracies are known. The rows show both within budgets.
The data is looked for in `shared/data` beside the checkout. All is a simulation: no model runs.
"""

import json
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist, fmean
from typing import Any

from benchmarks.public_data import MISSING, PUBLIC_DATA
from orca_desk.method.evidence import Trial, measure
from orca_desk.method.grading import grade
from orca_desk.method.pairing import ChoiceRule, decide_family
from orca_desk.method.tournament import Contest, ContestState, concluded, standing

OUTCOMES = PUBLIC_DATA / "bbh" / "strategy_outcomes.jsonl"
HALVINGS = 100
DIRECT, STEPS = "direct", "step-by-step"
EXPECTED_DIRECT = ("causal_judgement", "word_sorting")
LEAST_DIRECT, LEAST_FEWER = 0.9, 0.4
MARGINS, CONFIDENCES = (0.0, 0.03, 0.05, 0.1), (0.75, 0.85, 0.95)
SPREAD = 0.17  # of a family's accuracies: two of them then differ as much as they do in the real families
EVEN_SIZES = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family's outcomes: correct or not by task and strategy, mean tokens, and the true accuracies."""

    name: str
    outcomes: Mapping[str, Mapping[str, bool]]
    tokens: Mapping[str, float]
    truth: Mapping[str, float]

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies' names."""
        return tuple(self.tokens)

    def trials(self, tasks: Sequence[str], strategies: Sequence[str]) -> list[Trial]:
        """Return the outcomes of some tasks."""
        return [self.trial(task, name) for task in tasks for name in strategies]

    def trial(self, task: str, strategy: str) -> Trial:
        """Return one outcome."""
        return Trial(
            task_id=task,
            family=self.name,
            strategy=strategy,
            correct=self.outcomes[task][strategy],
            tokens=round(self.tokens[strategy]),
        )

    def is_right(self, strategy: str | None, margin: float) -> bool:
        """Return whether a choice is truly not worse than the family's best by the margin."""
        return strategy is not None and self.truth[strategy] > max(self.truth.values()) - margin


def real_families() -> list[Family]:
    """Return the families of BIG-Bench Hard, as our grader judges the answers; a token is a word here."""
    outcomes: dict[str, dict[str, dict[str, bool]]] = defaultdict(dict)
    words: dict[str, dict[str, list[int]]] = defaultdict(lambda: {DIRECT: [], STEPS: []})
    for line in OUTCOMES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answers = {DIRECT: row["direct"], STEPS: row["step_by_step"]}
        outcomes[row["task"]][str(row["index"])] = {
            name: grade(text, row["target"], question=row["input"]).correct for name, text in answers.items()
        }
        for name, text in answers.items():
            words[row["task"]][name].append(len(text.split()))
    return [
        Family(
            name=name,
            outcomes=found,
            tokens={strategy: fmean(lengths) for strategy, lengths in words[name].items()},
            truth={strategy: fmean(one[strategy] for one in found.values()) for strategy in (DIRECT, STEPS)},
        )
        for name, found in outcomes.items()
    ]


def made_up_families(strategies: int, *, seed: int, count: int, tasks: int = 512) -> list[Family]:
    """Return families with known accuracies, which lie as far apart as in the real ones.

    A task is about as hard under every strategy: a latent normal variable shares half of its variance.
    """
    draw = random.Random(seed)
    names = [f"s{number}" for number in range(strategies)]
    families = []
    for number in range(count):
        middle = draw.uniform(0.25, 0.75)
        truth = {name: min(0.98, max(0.02, draw.gauss(middle, SPREAD))) for name in names}
        limits = {name: NormalDist().inv_cdf(share) for name, share in truth.items()}
        outcomes = {}
        for task in range(tasks):
            ease = draw.gauss(0, 1)
            outcomes[f"t{task}"] = {
                name: (ease + draw.gauss(0, 1)) / 2**0.5 < limit for name, limit in limits.items()
            }
        tokens = {name: 10.0 * (place + 1) for place, name in enumerate(names)}
        families.append(Family(name=f"f{number}", outcomes=outcomes, tokens=tokens, truth=truth))
    return families


def halvings(families: Sequence[Family], rule: ChoiceRule, count: int = HALVINGS) -> dict[str, Any]:
    """Choose on a random half and score on the other, `count` times."""
    draw = random.Random(0)
    scores: dict[str, list[float]] = defaultdict(list)
    chosen: dict[str, dict[str | None, int]] = {family.name: defaultdict(int) for family in families}
    for _ in range(count):
        sums: dict[str, float] = defaultdict(float)
        for family in families:
            tasks = sorted(family.outcomes)
            draw.shuffle(tasks)
            half, other = tasks[: len(tasks) // 2], tasks[len(tasks) // 2 :]
            choice = decide_family(measure(family.trials(half, family.strategies)), rule).strategy
            chosen[family.name][choice] += 1
            for name in family.strategies:
                sums[name] += fmean(family.outcomes[task][name] for task in other)
            sums["chosen"] += fmean(family.outcomes[task][choice or STEPS] for task in other)
        for name, total in sums.items():
            scores[name].append(total / len(families))
    gains = [one - steps for one, steps in zip(scores["chosen"], scores[STEPS], strict=True)]
    return {
        "mean": {name: fmean(values) for name, values in scores.items()},
        "at_least_as_good": sum(gain >= 0 for gain in gains),
        "worst_gain": min(gains),
        "gain": fmean(gains),
        "no_choice": sum(counts[None] for counts in chosen.values()) / count,
        "direct": {name: counts[DIRECT] / count for name, counts in chosen.items()},
    }


def even(family: Family, order: Sequence[str], size: int, rule: ChoiceRule) -> str | None:
    """Return the choice after `size` tasks under every strategy."""
    return decide_family(measure(family.trials(order[:size], family.strategies)), rule).strategy


def compete(
    families: Sequence[Family], orders: Mapping[str, Sequence[str]], rule: ChoiceRule, budget: int
) -> tuple[dict[str, str | None], int]:
    """Return the choices of a tournament within a budget of answers, and the answers that it took."""
    contests = {
        one.name: Contest(family=one.name, tasks=orders[one.name], strategies=one.strategies, rule=rule)
        for one in families
    }
    by_name = {one.name: one for one in families}
    tried: dict[str, dict[tuple[str, str], list[Trial]]] = {one.name: {} for one in families}
    states: dict[str, ContestState] = {name: standing(one, {}) for name, one in contests.items()}
    spent = 0
    while running := [state for state in states.values() if state.end is None]:
        state = min(running, key=lambda one: (one.look, one.family))
        if spent + len(state.wanted) > budget:
            break
        family = by_name[state.family]
        for task, name in state.wanted:
            tried[state.family][task, name] = [family.trial(task, name)]
        spent += len(state.wanted)
        states[state.family] = standing(contests[state.family], tried[state.family])
    ended = {name: concluded(contests[name], states[name], tried[name]) for name in states}
    return {name: one.decision.strategy if one.decision else None for name, one in ended.items()}, spent


@dataclass(frozen=True, kw_only=True)
class Point:
    """The share of families with a right choice, and with a wrong one, after so many answers (means)."""

    answers: float
    right: float
    wrong: float


def compare_allocations(families: Sequence[Family], rule: ChoiceRule, repeats: int) -> dict[str, Any]:
    """Compare the tournament with the even allocation, on the same shuffled tasks, `repeats` times."""
    draw = random.Random(1)
    most = min(len(one.outcomes) for one in families)
    sizes = [size for size in EVEN_SIZES if size < most] + [most]
    strategies = len(families[0].strategies)
    answers = {size: size * strategies * len(families) for size in sizes}
    evenly: dict[int, list[Point]] = defaultdict(list)
    adaptive: dict[int, list[Point]] = defaultdict(list)
    for _ in range(repeats):
        orders = {}
        for family in families:
            order = sorted(family.outcomes)
            draw.shuffle(order)
            orders[family.name] = order[:most]
        for size in sizes:
            choices = {one.name: even(one, orders[one.name], size, rule) for one in families}
            evenly[size].append(_point(families, choices, rule, answers[size]))
            choices, spent = compete(families, orders, rule, answers[size])
            adaptive[size].append(_point(families, choices, rule, spent))
    curve = [_mean(evenly[size]) for size in sizes]
    within = [_mean(adaptive[size]) for size in sizes]
    end = within[-1]  # the budget does not bind
    needed = _answers_for(curve, end.right)
    return {
        "families": len(families),
        "strategies": strategies,
        "tasks": most,
        "even": curve,
        "tournament": within,
        "end": end,
        "even_answers_for_the_same": needed,
        "fewer": None if needed is None else 1 - end.answers / needed,
    }


def _answers_for(curve: Sequence[Point], right: float) -> float | None:
    """Return after how many answers a curve reaches a share of right choices; None: it never does."""
    before = Point(answers=0, right=0, wrong=0)
    for point in curve:
        if point.right >= right:
            part = (right - before.right) / (point.right - before.right or 1)
            return before.answers + part * (point.answers - before.answers)
        before = point
    return None


def _point(
    families: Sequence[Family], choices: Mapping[str, str | None], rule: ChoiceRule, answers: int
) -> Point:
    made = [one.is_right(choices[one.name], rule.margin) for one in families if choices[one.name] is not None]
    right = sum(made) / len(families)
    return Point(answers=answers, right=right, wrong=len(made) / len(families) - right)


def _mean(points: Sequence[Point]) -> Point:
    return Point(
        answers=fmean(one.answers for one in points),
        right=fmean(one.right for one in points),
        wrong=fmean(one.wrong for one in points),
    )


def measure_all(*, quick: bool) -> dict[str, Any]:
    """Return all figures; `quick` repeats less often."""
    rule, real = ChoiceRule(), real_families()
    repeats, few = (8, 2) if quick else (40, 5)
    folds = [[one for place, one in enumerate(real) if place % 3 != left] for left in range(3)]
    return {
        "rule": asdict(rule),
        "halvings": halvings(real, rule),
        "without_a_third": [halvings(fold, rule)["gain"] for fold in folds],
        "other_rules": [
            {"margin": margin, "confidence": confidence}
            | {name: found[name] for name in ("gain", "no_choice")}
            | {"direct": min(found["direct"][name] for name in EXPECTED_DIRECT)}
            for margin in MARGINS
            for confidence in CONFIDENCES
            if (found := halvings(real, ChoiceRule(margin=margin, confidence=confidence)))
        ],
        "allocation": {
            "BIG-Bench Hard": compare_allocations(real, rule, repeats),
            "made up, 4 strategies": compare_allocations(made_up_families(4, seed=2, count=16), rule, few),
            "made up, 7 strategies": compare_allocations(made_up_families(7, seed=3, count=10), rule, few),
        },
    }


def report(found: Mapping[str, Any]) -> None:
    """Print the figures."""
    halved = found["halvings"]
    print(
        f"Chosen on one half, scored on the other: {HALVINGS} random halvings of"
        f" {len(halved['direct'])} families"
    )
    for name, share in halved["mean"].items():
        print(f"  {'the choice' if name == 'chosen' else 'always ' + name:<20} {share:.1%}")
    print(
        f"  at least as good as always {STEPS} in {halved['at_least_as_good']} of {HALVINGS}"
        f" (worst difference {halved['worst_gain']:+.1%})"
    )
    print(f"  no choice in {halved['no_choice']:.2f} families a halving, scored as {STEPS}")
    for name in EXPECTED_DIRECT:
        print(f"  {name}: direct in {halved['direct'][name]:.0%}")
    without = ", ".join(f"{gain:+.1%}" for gain in found["without_a_third"])
    print(f"  gain over always {STEPS} with each third of the families left out: {without}")
    print("Other rules: gain, families without a choice, direct in both of the above")
    for one in found["other_rules"]:
        print(
            f"  margin {one['margin']:.2f}, confidence {one['confidence']:.2f}:"
            f" {one['gain']:+.1%}, {one['no_choice']:.1f}, {one['direct']:.0%}"
        )
    for name, one in found["allocation"].items():
        print(f"Answers until the choices are made: {name}, {one['families']} families")
        for even_point, point in zip(one["even"], one["tournament"], strict=True):
            print(
                f"  even {even_point.answers:>7,.0f}: {even_point.right:.1%} right,"
                f" {even_point.wrong:.1%} wrong   tournament {point.answers:>7,.0f}: {point.right:.1%} right,"
                f" {point.wrong:.1%} wrong"
            )
        end, needed = one["end"], one["even_answers_for_the_same"]
        if needed is None:
            print(f"  run to its end: {end.right:.1%} right, which the even allocation never reaches")
        else:
            print(
                f"  run to its end: {end.answers:,.0f} answers for {end.right:.1%} right; evenly that takes"
                f" {needed:,.0f}: {one['fewer']:.0%} fewer"
            )


def main() -> int:
    """Print the figures as text, or as JSON."""
    if not OUTCOMES.is_file():
        print(MISSING, file=sys.stderr)
        return 2
    found = measure_all(quick="--quick" in sys.argv)
    if "--json" in sys.argv:
        print(json.dumps(found, indent=1, default=asdict))
    else:
        report(found)
    halved = found["halvings"]
    kept = (
        halved["mean"]["chosen"] >= halved["mean"][STEPS]
        and all(halved["direct"][name] >= LEAST_DIRECT for name in EXPECTED_DIRECT)
        and all(one["fewer"] is None or one["fewer"] >= LEAST_FEWER for one in found["allocation"].values())
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
