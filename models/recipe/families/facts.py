"""Plain facts that are known or not: no work helps, so the direct answer is the cheapest.

A fact can only be known if it was seen, so here the held-out problems are *wordings*: the fact itself
occurs in training in other words.
"""

from random import Random

from models.recipe.problem import Problem

WINNER = "direct"
CAPITALS = {
    "France": "Paris", "Italy": "Rome", "Norway": "Oslo", "England": "London", "Germany": "Berlin",
    "Egypt": "Cairo", "Peru": "Lima", "India": "Delhi", "Spain": "Madrid", "Japan": "Tokyo",
    "Austria": "Vienna", "Greece": "Athens", "Cuba": "Havana", "Kenya": "Nairobi",
}  # fmt: skip
OPPOSITES = {
    "big": "small", "old": "young", "hot": "cold", "fast": "slow", "day": "night", "black": "white",
    "open": "closed", "loud": "quiet", "early": "late", "full": "empty", "hard": "soft", "long": "short",
    "wet": "dry", "rich": "poor",
}  # fmt: skip
YOUNG = {
    "dog": "puppy", "cat": "kitten", "cow": "calf", "sheep": "lamb", "horse": "foal", "goat": "kid",
    "duck": "duckling", "bear": "cub", "pig": "piglet", "deer": "fawn", "swan": "cygnet", "hen": "chick",
}  # fmt: skip
COLOURS = {
    "snow": "white", "grass": "green", "coal": "black", "blood": "red", "the sky": "blue", "gold": "yellow",
    "chocolate": "brown", "milk": "white", "an orange": "orange", "a leaf": "green", "a crow": "black",
    "a lemon": "yellow",
}  # fmt: skip
RELATIONS = (
    (
        CAPITALS,
        "The capital of {} is {}.",
        ("What is the capital of {}?", "Which city is the capital of {}?", "Name the capital of {}."),
    ),
    (
        OPPOSITES,
        "The opposite of {} is {}.",
        ("What is the opposite of {}?", "Which word is the opposite of {}?", "Name the opposite of {}."),
    ),
    (
        YOUNG,
        "A young {} is called a {}.",
        ("What is a young {} called?", "Which word names a young {}?", "Name the young of a {}."),
    ),
    (
        COLOURS,
        "The colour of {} is {}.",
        ("What is the colour of {}?", "Which colour has {}?", "Name the colour of {}."),
    ),
)
OPENINGS = (
    "{}",
    "Please tell me. {}",
    "A short question. {}",
    "Here is a question. {}",
    "Do you know this? {}",
)


def make(rng: Random) -> Problem:
    """Return a question about one fact in one of fifteen wordings."""
    facts, _, wordings = rng.choice(RELATIONS)
    subject = rng.choice(sorted(facts))
    query = rng.choice(OPENINGS).format(rng.choice(wordings).format(subject))
    return Problem(
        family="facts",
        query=query,
        answer=facts[subject],
        answer_kind="text",
        work="",
        topic=subject,
    )


def sentences() -> list[str]:
    """Return every fact as one plain sentence."""
    return [form.format(*pair) for facts, form, _ in RELATIONS for pair in sorted(facts.items())]
