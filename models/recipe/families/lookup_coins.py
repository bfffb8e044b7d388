"""Look-up as the base first met it: the bus has a price instead of goods.

Copying a number of several tokens from so far away was not learned in 4,800 steps; everything else was. So
the base went on with `lookup`, and only the base's first part and the tokenizer still use this one.
"""

from random import Random

from models.recipe.families.lookup import COLOURS, ROWS, TOWNS
from models.recipe.families.pools import NAMES
from models.recipe.problem import Problem

WINNER = "extract-then-answer"


def make(rng: Random) -> Problem:
    """Return three people in three towns, each with its bus and the bus's price, in shuffled clauses."""
    names, towns, colours = (rng.sample(pool, ROWS) for pool in (NAMES, TOWNS, COLOURS))
    prices = rng.sample(range(2, 30), ROWS)
    lives = [f"{name} lives in {town}" for name, town in zip(names, towns, strict=True)]
    goes = [f"the bus to {town} is {colour}" for colour, town in zip(colours, towns, strict=True)]
    costs = [f"the {colour} bus costs {price} coins" for colour, price in zip(colours, prices, strict=True)]
    told = [*lives, *goes, *costs]
    rng.shuffle(told)
    asked = rng.randrange(ROWS)
    return Problem(
        family="lookup",
        context=f"The notes: {'; '.join(told)}.",
        query=f"How many coins does the bus to the town where {names[asked]} lives cost?",
        answer=str(prices[asked]),
        answer_kind="number",
        work=f"Extract: {lives[asked]}; {goes[asked]}; {costs[asked]}.",
        topic="the bus",
    )
