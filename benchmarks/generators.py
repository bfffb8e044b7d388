"""Compares the app's grader with the verifiers of reasoning-gym, and prints the table of docs/generators.md.

    python -m benchmarks.generators [--questions 20] [NAME ...]

For each generator: whether the reference answer of each question is correct for both, and on how many answers
to other questions of the same generator the two differ. `only ours` and `only theirs` count such answers that
only the app's grader, or only the verifier (full score), takes for correct. `same again` tells whether
another process, with other hashes, makes the same questions from the same seeds.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time

from orca_desk.method.grading import grade
from orca_desk.method.procedural import KINDS, LEFT_OUT, grading_of
from orca_desk.processes.mathematics import Mathematics
from orca_desk.workers.procedural import FULL_SCORE, _NoPlots

APART = (1, 2, 3, 5)  # places between a question and those whose answers it is offered
FIRST_SEED = 7


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--identity", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    sys.meta_path.insert(0, _NoPlots())
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    names = options.names or sorted(DATASETS.keys() - LEFT_OUT)
    if options.identity:
        print(json.dumps({name: identity(reasoning_gym, name) for name in names}))
        return 0
    again = other_process(names)
    print(
        "| generator | graded | reference correct: ours, theirs | only ours | only theirs | same again | ms |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    comparer = Mathematics()
    for name in names:
        print(row(reasoning_gym, name, options.questions, comparer, again), flush=True)
    return 0


def row(gym, name, questions, comparer, again):
    """Return a row of the table."""
    began = time.process_time()
    made = gym.create_dataset(name, seed=FIRST_SEED, size=max(questions, 4))
    entries = [made[place] for place in range(questions)]
    each = 1000 * (time.process_time() - began) / questions
    same = "yes" if again[name] == identity(gym, name) else "no"
    graded = "yes" if grading_of(name) == "reference" else "no"
    if any(not isinstance(entry["answer"], str) for entry in entries):
        return f"| {name} | {graded} | no reference | | | {same} | {each:.1f} |"
    ours = theirs = only_ours = only_theirs = compared = 0
    for place, entry in enumerate(entries):
        ours += is_right(name, entry, f"Let me work this out.\n\nAnswer: {entry['answer']}", comparer)
        theirs += made.score_answer(entry["answer"], entry) >= FULL_SCORE
        for apart in APART:
            other = entries[(place + apart) % questions]["answer"]
            if other == entry["answer"]:
                continue
            compared += 1
            verdict = is_right(name, entry, f"Answer: {other}", comparer)
            try:
                score = made.score_answer(other, entry) >= FULL_SCORE
            except Exception:  # verifiers raise many kinds for what they cannot read
                score = False
            only_ours += verdict and not score
            only_theirs += score and not verdict
    correct = f"{ours}, {theirs} of {questions}"
    return (
        f"| {name} | {graded} | {correct} | {only_ours} of {compared} | {only_theirs} of {compared} |"
        f" {same} | {each:.1f} |"
    )


def is_right(name, entry, response, comparer):
    """Return whether the app's grader takes a response for correct."""
    kind = KINDS.get(name)
    return grade(response, entry["answer"], kind, question=entry["question"], comparer=comparer).correct


def identity(gym, name):
    """Return a hash of ten questions with their answers."""
    made = gym.create_dataset(name, seed=FIRST_SEED, size=10)
    found = [[made[place]["question"], str(made[place]["answer"])] for place in range(10)]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def other_process(names):
    """Return the hash of each generator from a process whose sets have another order."""
    command = [sys.executable, "-m", "benchmarks.generators", "--identity", *names]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "12345"}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1].lstrip("."))


if __name__ == "__main__":
    sys.exit(main())
