"""Object swaps: three people trade what they hold; each step copies what is traded, then the state."""

from random import Random

from models.recipe.families.pools import NAMES, THINGS
from models.recipe.problem import Problem, listed

WINNER = "step-by-step"
COUNTS = (2, 3, 4)
COUNT_WEIGHTS = (2, 2, 1)


def make(rng: Random) -> Problem:
    """Return a problem of three people, three things and two to four swaps."""
    people = rng.sample(NAMES, 3)
    holds = dict(zip(people, rng.sample(THINGS, 3), strict=True))
    told = [f"{listed([f'{name} has the {holds[name]}' for name in people])}."]
    work = [f"Step 1: {_state(holds)}."]
    for index in range(rng.choices(COUNTS, COUNT_WEIGHTS)[0]):
        first, second = rng.sample(people, 2)
        told.append(f"{'First' if index == 0 else 'Then'} {first} and {second} swap.")
        operands = f"{first} {holds[first]} and {second} {holds[second]}"
        holds[first], holds[second] = holds[second], holds[first]
        work.append(f"Step {index + 2}: {operands} swap; {_state(holds)}.")
    asked = rng.choice(people)
    work.append(f"Step {len(work) + 1}: {asked} has the {holds[asked]}.")
    return Problem(
        family="swaps",
        query=f"{' '.join(told)} What does {asked} have at the end?",
        answer=f"the {holds[asked]}",
        answer_kind="text",
        work="\n".join(work),
        topic=f"what {asked} has",
    )


def _state(holds: dict[str, str]) -> str:
    return ", ".join(f"{name} {thing}" for name, thing in holds.items())
