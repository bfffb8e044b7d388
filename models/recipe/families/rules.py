"""Simple rules: what an animal eats follows from three rules in a row, among rules for other animals."""

from random import Random

from models.recipe.problem import Problem

WINNER = "explain-then-answer"
LOOKS = ("big", "small", "old", "young", "fat", "thin")
COLOURS = ("red", "blue", "green", "black", "white", "brown")
TEMPERS = ("calm", "wild", "shy", "loud", "brave", "lazy")
FOODS = ("fish", "nuts", "grass", "seeds", "fruit", "corn")
ANIMALS = ("Rex", "Max", "Luna", "Bella")


def make(rng: Random) -> Problem:
    """Return twelve shuffled rules that make four chains look, colour, temper, food, and ask for one."""
    looks, colours, tempers, foods = (rng.sample(pool, 4) for pool in (LOOKS, COLOURS, TEMPERS, FOODS))
    told = [f"{look.capitalize()} animals are {colour}." for look, colour in zip(looks, colours, strict=True)]
    told += [
        f"{colour.capitalize()} animals are {temper}."
        for colour, temper in zip(colours, tempers, strict=True)
    ]
    told += [
        f"{temper.capitalize()} animals eat {food}." for temper, food in zip(tempers, foods, strict=True)
    ]
    rng.shuffle(told)
    animal, asked = rng.choice(ANIMALS), rng.randrange(4)
    look, colour, temper, food = looks[asked], colours[asked], tempers[asked], foods[asked]
    return Problem(
        family="rules",
        context=" ".join(told),
        query=f"{animal} is {look}. What does {animal} eat?",
        answer=food,
        answer_kind="text",
        work=(
            f"Explanation: {animal} is {look}, {look} animals are {colour}, {colour} animals are {temper}, "
            f"{temper} animals eat {food}."
        ),
        topic=f"what {animal} eats",
    )
