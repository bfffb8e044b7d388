"""Paragraph look-up over three sentences that lie apart: person to town, town to bus, bus to price."""

from random import Random

from models.recipe.families.pools import NAMES
from models.recipe.problem import Problem

WINNER = "extract-then-answer"
TOWNS = ("Rome", "Paris", "Oslo", "London", "Berlin", "Cairo", "Lima", "Delhi")
COLOURS = ("red", "blue", "green", "black", "white", "brown")


def make(rng: Random) -> Problem:
    """Return four people in four towns, each with its bus and the bus's price, in shuffled sentences."""
    names, towns, colours = (rng.sample(pool, 4) for pool in (NAMES, TOWNS, COLOURS))
    prices = rng.sample(range(2, 30), 4)
    lives = [f"{name} lives in {town}." for name, town in zip(names, towns, strict=True)]
    goes = [f"The {colour} bus goes to {town}." for colour, town in zip(colours, towns, strict=True)]
    costs = [f"The {colour} bus costs {price} coins." for colour, price in zip(colours, prices, strict=True)]
    told = [*lives, *goes, *costs]
    rng.shuffle(told)
    asked = rng.randrange(4)
    return Problem(
        family="lookup",
        context=" ".join(told),
        query=f"How many coins does the bus to the town where {names[asked]} lives cost?",
        answer=str(prices[asked]),
        answer_kind="number",
        work=f'Extract: "{lives[asked]} {goes[asked]} {costs[asked]}"',
        topic="the bus",
    )
