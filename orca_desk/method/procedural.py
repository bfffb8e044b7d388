"""Procedural tasks: what is known of reasoning-gym's generators, and which seeds belong to which split.

A generator makes its question from a seed alone. Held-out questions use seeds of a range of their own, so
that no run, whatever its first seed, makes a training question from the seed of a held-out one.
`benchmarks/generators.py` measures what the sets below say.
"""

from typing import Literal

from orca_desk.method.records import AnswerKind, Split

LICENCE = "Apache-2.0"
MOST_SEED = 2**30
SEEDS: dict[Split, int] = {"train": 0, "heldout": 2**31}  # added to every seed; both ranges fit 32 bits

# No answer is the only correct one (any shortest path, any integral), or its writing cannot be compared. Only
# the generator's own verifier could tell, so the tasks get no reference answer: none is graded wrongly.
UNGRADED = frozenset(
    {
        "boxnet", "countdown", "cryptarithm", "futoshiki", "graph_color", "group_anagrams",
        "intermediate_integration", "jugs", "kakurasu", "knight_swap", "n_queens", "palindrome_generation",
        "palindrome_partitioning", "propositional_logic", "puzzle24", "quantum_lock", "rubiks_cube",
        "rush_hour", "shortest_path", "simple_integration", "sokoban", "tower_of_hanoi", "word_ladder",
    }
)  # fmt: skip
# Answers whose writing the grader would read as something else, such as 7e2 in base 16 as 700
KINDS: dict[str, AnswerKind] = {"base_conversion": "exact", "bitwise_arithmetic": "exact"}
# Not offered: a mixture of the others, what runs code that it reads, and a benchmark's own tasks
LEFT_OUT = frozenset({"composite", "codeio", "arc_agi"})

Grading = Literal["reference", "none"]


def seed_of(split: Split, first: int, place: int) -> int:
    """Return the seed of the question at `place` of a split, in a run whose first seed is `first`."""
    return SEEDS[split] + first + place


def grading_of(generator: str) -> Grading:
    """Return whether a generator's tasks have a reference answer that the app's grader can judge by."""
    return "none" if generator in UNGRADED else "reference"


def family_of(generator: str) -> str:
    """Return the family of a generator's tasks."""
    return generator.replace("_", "-")
