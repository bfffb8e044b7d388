"""Event ordering: neighbours are given in any order; recall where it starts, then count along the line."""

from itertools import pairwise
from random import Random

from models.recipe.problem import Problem

WINNER = "recall-reason-generate"
EVENTS = ("race", "play", "feast", "market", "parade", "concert", "game", "fair", "dance", "walk")
ORDINALS = ("first", "second", "third", "fourth", "fifth")


def make(rng: Random) -> Problem:
    """Return five events in a line, told as shuffled neighbours, and ask for the third or a later one."""
    events = rng.sample(EVENTS, len(ORDINALS))
    links = [f"right after the {before} came the {after}" for before, after in pairwise(events)]
    told = [f"the {events[0]} came first", *links]
    rng.shuffle(told)
    asked = rng.randrange(2, len(events))
    numbered = [f"{place} {event}" for place, event in enumerate(events, start=1)]
    reasons = [f"{link}, {event}" for link, event in zip(links, numbered[1:], strict=True)][:asked]
    return Problem(
        family="ordering",
        context=f"The events: {'; '.join(told)}.",
        query=f"Which event came {ORDINALS[asked]}?",
        answer=f"the {events[asked]}",
        answer_kind="text",
        work=(
            f"Recall: the {events[0]} came first, the question asks for {asked + 1}.\n"
            f"Reasoning: {'; '.join([numbered[0], *reasons])}."
        ),
        topic="the order of the events",
    )
