"""Paragraph look-up over three clauses that lie apart: person to town, town to bus, bus to goods."""

from random import Random

from models.recipe.families.pools import NAMES
from models.recipe.problem import Problem

WINNER = "extract-then-answer"
TOWNS = ("Rome", "Paris", "Oslo", "London", "Berlin", "Cairo", "Lima", "Delhi")
COLOURS = ("red", "blue", "green", "black", "white", "brown")
GOODS = ("fish", "nuts", "grass", "seeds", "fruit", "corn")
ROWS = 3


def make(rng: Random) -> Problem:
    """Return three people in three towns, each with its bus and what that sells, in shuffled clauses."""
    names, towns, colours, goods = (rng.sample(pool, ROWS) for pool in (NAMES, TOWNS, COLOURS, GOODS))
    lives = [f"{name} lives in {town}" for name, town in zip(names, towns, strict=True)]
    goes = [f"the bus to {town} is {colour}" for colour, town in zip(colours, towns, strict=True)]
    sells = [f"the {colour} bus sells {good}" for colour, good in zip(colours, goods, strict=True)]
    told = [*lives, *goes, *sells]
    rng.shuffle(told)
    asked = rng.randrange(ROWS)
    return Problem(
        family="lookup",
        context=f"The notes: {'; '.join(told)}.",
        query=f"What does the bus to the town where {names[asked]} lives sell?",
        answer=goods[asked],
        answer_kind="text",
        work=f"Extract: {lives[asked]}; {goes[asked]}; {sells[asked]}.",
        topic="the bus",
    )
