"""Event ordering: neighbours are given in any order; recall where it starts, then count along the line."""

from itertools import pairwise
from random import Random

from models.recipe.problem import Problem

WINNER = "recall-reason-generate"
EVENTS = ("race", "play", "feast", "market", "parade", "concert", "game", "fair", "dance", "walk")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def make(rng: Random) -> Problem:
    """Return five or six events in a line, told as shuffled pairs, and ask for the third or a later one."""
    events = rng.sample(EVENTS, rng.choice((5, 6)))
    told = [f"The {events[0]} came first."]
    for before, after in pairwise(events):
        if rng.random() < 0.5:
            told.append(f"The {before} came right before the {after}.")
        else:
            told.append(f"The {after} came right after the {before}.")
    rng.shuffle(told)
    asked = rng.randrange(2, len(events))
    line = ", ".join(f"{place} {event}" for place, event in enumerate(events[: asked + 1], start=1))
    return Problem(
        family="ordering",
        context=" ".join(told),
        query=f"Which event came {ORDINALS[asked]}?",
        answer=f"the {events[asked]}",
        answer_kind="text",
        work=(
            f"Recall: the {events[0]} came first, and the question asks for number {asked + 1}.\n"
            f"Reasoning: {line}."
        ),
        topic="the order of the events",
    )
