"""Simple rules: what an animal eats follows from three rules in a row, among rules for other animals."""

from random import Random

from models.recipe.problem import Problem

WINNER = "explain-then-answer"
LOOKS = ("big", "small", "old", "young", "fat", "thin")
COLOURS = ("red", "blue", "green", "black", "white", "brown")
TEMPERS = ("calm", "wild", "shy", "loud", "brave", "lazy")
FOODS = ("fish", "nuts", "grass", "seeds", "fruit", "corn")
ANIMALS = ("Rex", "Max", "Luna", "Bella")
CHAINS = 3


def make(rng: Random) -> Problem:
    """Return nine shuffled rules that make three chains look, colour, temper, food, and ask for one."""
    looks, colours, tempers, foods = (rng.sample(pool, CHAINS) for pool in (LOOKS, COLOURS, TEMPERS, FOODS))
    first = [f"{look} animals are {colour}" for look, colour in zip(looks, colours, strict=True)]
    second = [f"{colour} animals are {temper}" for colour, temper in zip(colours, tempers, strict=True)]
    third = [f"{temper} animals eat {food}" for temper, food in zip(tempers, foods, strict=True)]
    told = [*first, *second, *third]
    rng.shuffle(told)
    animal, asked = rng.choice(ANIMALS), rng.randrange(CHAINS)
    start = f"{animal} is {looks[asked]}"
    return Problem(
        family="rules",
        context=f"The rules: {'; '.join(told)}.",
        query=f"{start}. What does {animal} eat?",
        answer=foods[asked],
        answer_kind="text",
        work=f"Explanation: {start}; {first[asked]}; {second[asked]}; {third[asked]}.",
        topic=f"what {animal} eats",
    )
