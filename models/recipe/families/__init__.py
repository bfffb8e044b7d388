"""Seven procedural families of problems; each module offers `make(rng) -> Problem` and its WINNER.

WINNER is the strategy whose form has room for the family's whole computation; `Problem.work` is that
computation, written in that form.
"""

from random import Random

from models.recipe.families import belief, facts, lookup, ordering, rules, swaps, words
from models.recipe.problem import Problem, is_heldout

FAMILIES = {
    "belief": belief,
    "swaps": swaps,
    "words": words,
    "ordering": ordering,
    "lookup": lookup,
    "rules": rules,
    "facts": facts,
}
WINNERS = {name: module.WINNER for name, module in FAMILIES.items()}


def draw(family: str, rng: Random, *, heldout: bool) -> Problem:
    """Return a random problem of `family` from the wanted side of the train / held-out border."""
    while True:
        problem = FAMILIES[family].make(rng)
        if is_heldout(problem) == heldout:
            return problem
