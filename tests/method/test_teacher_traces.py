"""The recogniser and the leak check on what the mini teacher is trained to answer."""

from random import Random

import pytest

from models.recipe.families import FAMILIES, draw
from models.recipe.traces import answer_under
from orca_desk.method.adherence import recognise
from orca_desk.method.leaks import find_leaks
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

STRATEGIES = load_folder(resources() / "strategies")


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_trace_is_recognised_and_leaks_nothing(family: str, name: str) -> None:
    rng = Random(f"{family} {name}")
    for _ in range(20):
        problem = draw(family, rng, heldout=True)
        response = answer_under(name, problem)
        assert recognise(response, STRATEGIES.values()) == name, response
        assert find_leaks(STRATEGIES[name].instruction, response, question=problem.query) == ()
