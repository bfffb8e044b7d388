"""Word problems of two to four steps over numbers under a hundred; each step copies its operands."""

from random import Random

from models.recipe.families.pools import NAMES
from models.recipe.problem import Problem

WINNER = "step-by-step"
NOUNS = ("apples", "pears", "coins", "books", "cups", "nuts")
MORE = ("{name} buys {k} more.", "{name} finds {k} more.", "{other} gives {name} {k} more.")
LESS = ("{name} sells {k}.", "{name} loses {k}.", "{name} gives {k} to {other}.")
COUNTS = (2, 3, 4)
COUNT_WEIGHTS = (1, 2, 2)
LIMIT = 99


def make(rng: Random) -> Problem:
    """Return a problem about one person's things, with two to four changes and at most one doubling."""
    name, other = rng.sample(NAMES, 2)
    noun = rng.choice(NOUNS)
    total = rng.randint(5, 60)
    told = [f"{name} has {total} {noun}."]
    work: list[str] = []
    doubled = False
    for index in range(rng.choices(COUNTS, COUNT_WEIGHTS)[0]):
        kinds = ["more"] * 2 * (total + 19 <= LIMIT) + ["less"] * 2 * (total >= 21)
        if not doubled and total * 2 <= LIMIT:
            kinds.append("double")
        kind = rng.choice(kinds)
        k = rng.randint(2, 19)
        before = total
        if kind == "double":
            doubled = True
            total *= 2
            told.append(f"Then {name} gets twice as many.")
            sum_text = f"twice, {before} + {before} = {total}"
        else:
            template = rng.choice(MORE if kind == "more" else LESS)
            told.append(("" if index == 0 else "Then ") + template.format(name=name, other=other, k=k))
            total += k if kind == "more" else -k
            sign = "+" if kind == "more" else "-"
            sum_text = f"{kind}, {before} {sign} {k} = {total}"
        work.append(f"Step {len(work) + 1}: {sum_text}.")
    return Problem(
        family="words",
        query=f"{' '.join(told)} How many {noun} does {name} have now?",
        answer=str(total),
        answer_kind="number",
        work="\n".join(work),
        topic=f"the {noun}",
    )


def random_sum(rng: Random) -> str:
    """Return a sum such as the work is made of: "31 - 14 = 17"."""
    total, k = rng.randint(5, LIMIT), rng.randint(2, 19)
    if total + k <= LIMIT and rng.random() < 0.5:
        return f"{total} + {k} = {total + k}"
    if total * 2 <= LIMIT and rng.random() < 0.3:
        return f"{total} + {total} = {total * 2}"
    return f"{max(total, k)} - {min(total, k)} = {abs(total - k)}"
