"""Seven procedural families of problems; each module offers `make(rng) -> Problem` and its WINNER.

WINNER is the strategy whose form has room for the family's whole computation; `Problem.work` is that
computation, written in that form.
"""

from collections.abc import Mapping
from random import Random
from types import ModuleType

from models.recipe.families import belief, facts, lookup, lookup_coins, ordering, rules, swaps, words
from models.recipe.problem import Problem, is_heldout

FAMILIES: Mapping[str, ModuleType] = {
    "belief": belief,
    "swaps": swaps,
    "words": words,
    "ordering": ordering,
    "lookup": lookup,
    "rules": rules,
    "facts": facts,
}
EARLIER: Mapping[str, ModuleType] = {**FAMILIES, "lookup": lookup_coins}
WINNERS: Mapping[str, str] = {name: module.WINNER for name, module in FAMILIES.items()}


def draw(
    family: str, rng: Random, *, heldout: bool, families: Mapping[str, ModuleType] = FAMILIES
) -> Problem:
    """Return a random problem of `family` from the wanted side of the train / held-out border."""
    while True:
        problem: Problem = families[family].make(rng)
        if is_heldout(problem) == heldout:
            return problem
