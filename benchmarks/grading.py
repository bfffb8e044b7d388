"""How well the grader agrees with human and published grades: `python -m benchmarks.grading [--json]`.

1. GSM8K: four real models' solutions to 660 questions, against the human-made `is_correct`.
2. BIG-Bench Hard: a real model's direct and step-by-step outputs, against the accuracies published for them.
3. Speed: plain answers of every kind, graded per second of one core.
The kind of every answer is inferred. The data is looked for in `shared/data` beside the checkout.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.public_data import PUBLIC_DATA
from orca_desk.method.grading import Verdict, grade
from orca_desk.ui.words.grading import verdict_reason

SOLUTIONS = PUBLIC_DATA / "gsm8k" / "model_solutions.jsonl"
OUTCOMES = PUBLIC_DATA / "bbh" / "strategy_outcomes.jsonl"
PUBLISHED = PUBLIC_DATA / "bbh" / "published_accuracy.json"
LEAST_AGREEMENT = 0.999
LARGEST_DIFFERENCE = 0.3
STRATEGIES = ("direct", "step_by_step")
LEAST_PER_SECOND = 5_000
PLAIN = (
    ("Answer: 42", "42"),
    ("So she has 42 apples in total.", "42"),
    ("The answer is (B).", "(B)"),
    ("Paris is the capital of France.", "Paris"),
    ("He left at noon. So the answer is yes.", "yes"),
    ("Answer: red, green, blue", "red, green, blue"),
    ("John: the box. Mark: the basket.", "John: the box. Mark: the basket."),
)


def missing_data() -> str | None:
    """Return why nothing can be measured, None if the data is there."""
    absent = [path.name for path in (SOLUTIONS, OUTCOMES, PUBLISHED) if not path.is_file()]
    return f"the real data is not there: {', '.join(absent)}" if absent else None


def gsm8k() -> dict[str, Any]:
    """Return the agreement with `is_correct`, and every disagreement by question, model and reason."""
    total, disagreements, began = 0, [], time.perf_counter()
    for number, row in enumerate(_rows(SOLUTIONS)):
        reference = row["ground_truth"].rstrip().rpartition("\n")[2]
        for model, solved in row.items():
            if not isinstance(solved, dict):
                continue
            total += 1
            verdict = grade(solved["solution"], reference)
            if verdict.correct != solved["is_correct"]:
                disagreements.append(_disagreement(number, model, solved["is_correct"], verdict))
    return {
        "solutions": total,
        "agreement": 1 - len(disagreements) / total,
        "disagreements": disagreements,
        "seconds": time.perf_counter() - began,
    }


def _disagreement(number: int, model: str, is_correct: bool, verdict: Verdict) -> dict[str, Any]:
    return {
        "question": number,
        "model": model,
        "is_correct": is_correct,
        "kind": verdict.kind,
        "reason": verdict_reason(verdict.reason),
    }


def bbh() -> dict[str, Any]:
    """Return our and the published accuracy of every family and strategy, in percent."""
    verdicts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    began = time.perf_counter()
    for row in _rows(OUTCOMES):
        for strategy in STRATEGIES:
            verdicts[row["task"], strategy].append(grade(row[strategy], row["target"]).correct)
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    families = [
        {
            "family": family,
            "strategy": strategy,
            "n": len(graded),
            "ours": 100 * sum(graded) / len(graded),
            "published": published[family][strategy],
        }
        for (family, strategy), graded in sorted(verdicts.items())
    ]
    largest = max(abs(row["ours"] - row["published"]) for row in families)
    return {"families": families, "largest_difference": largest, "seconds": time.perf_counter() - began}


def speed(rounds: int = 500) -> float:
    """Return how many plain answers one core grades per second."""
    began = time.process_time()
    for _ in range(rounds):
        for response, reference in PLAIN:
            grade(response, reference)
    return rounds * len(PLAIN) / (time.process_time() - began)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main() -> int:
    """Print the measurements; 0 if all targets are met or the data is missing, 1 otherwise."""
    absent = missing_data()
    if absent:
        print(json.dumps({"skipped": absent}) if "--json" in sys.argv else f"Skipped: {absent}.")
        return 0
    human, families, rate = gsm8k(), bbh(), speed()
    met = human["agreement"] >= LEAST_AGREEMENT and families["largest_difference"] <= LARGEST_DIFFERENCE
    met = met and rate >= LEAST_PER_SECOND
    if "--json" in sys.argv:
        print(json.dumps({"gsm8k": human, "bbh": families, "per_second": rate, "targets_met": met}, indent=1))
    else:
        _print(human, families)
        print(f"\nPlain answers: {rate:,.0f} per second (target {LEAST_PER_SECOND:,})")
        print(f"\nTargets {'met' if met else 'NOT met'}.")
    return 0 if met else 1


def _print(human: dict[str, Any], families: dict[str, Any]) -> None:
    right = human["solutions"] - len(human["disagreements"])
    print(f"GSM8K: agrees with is_correct on {right:,} of {human['solutions']:,} solutions", end=" ")
    print(f"({100 * human['agreement']:.2f}%, target {100 * LEAST_AGREEMENT}%), {human['seconds']:.1f} s")
    for one in human["disagreements"]:
        print(
            f"  question {one['question']}, {one['model']}, is_correct {one['is_correct']}: {one['reason']}"
        )
    print(f"\nBIG-Bench Hard: accuracies in percent, {families['seconds']:.1f} s")
    print(f"  {'family':<42}{'strategy':<14}{'n':>5}{'ours':>8}{'published':>11}{'difference':>12}")
    for row in families["families"]:
        difference = row["ours"] - row["published"]
        print(f"  {row['family']:<42}{row['strategy']:<14}{row['n']:>5}", end="")
        print(f"{row['ours']:>8.2f}{row['published']:>11.2f}{difference:>+12.2f}")
    print(f"  largest difference {families['largest_difference']:.2f} (target {LARGEST_DIFFERENCE})")


if __name__ == "__main__":
    sys.exit(main())
