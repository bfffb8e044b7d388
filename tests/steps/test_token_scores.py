"""Token scores: those of the engine for an answer that is there already, asked of a worker once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from new_library import new_library
from pytest import MonkeyPatch

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.processes.progress import JobControl
from orca_desk.prompts.messages import Message
from orca_desk.steps import token_scores
from orca_desk.steps.token_scores import ScoredText, known_scores, mean_logprob, score_tokens

pytest.importorskip("llama_cpp")

ASKED = ScoredText(
    model=mini_teacher(),
    messages=(Message("system", ""), Message("user", "Which city is the capital of France?")),
    response="Answer: Paris",
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as opened:
        yield opened


def test_a_likely_answer_scores_higher_and_is_asked_once(library: Library, monkeypatch: MonkeyPatch) -> None:
    assert known_scores(library, ASKED) is None
    found = score_tokens(library, ASKED)
    assert found and "".join(one.text for one in found) == "Answer: Paris"
    assert all(one.logprob <= 0 and 0 <= one.probability <= 1 and len(one.best) == 3 for one in found)
    other = score_tokens(library, replace(ASKED, response="Answer: grass"))
    assert other and mean_logprob(found) > mean_logprob(other)
    assert found[-1].best[0][0] == found[-1].text  # Paris is what it would have written
    monkeypatch.setattr(token_scores, "run_worker", None)
    assert score_tokens(library, ASKED) == known_scores(library, ASKED) == found


def test_texts_are_whole_characters(library: Library) -> None:
    found = score_tokens(library, replace(ASKED, response="É 日本 <think>"))
    assert found and "".join(one.text for one in found) == "É 日本 <think>"


def test_a_stop_gives_nothing_and_stores_nothing(library: Library) -> None:
    control = JobControl()
    control.stop()
    assert score_tokens(library, ASKED, control=control) is None
    assert known_scores(library, ASKED) is None


def test_an_answer_that_does_not_fit_and_a_model_that_is_missing_are_told(library: Library) -> None:
    with pytest.raises(UserError, match="cannot be scored"):
        score_tokens(library, replace(ASKED, response="ball " * 3000))
    with pytest.raises(UserError, match="is missing"):
        score_tokens(library, replace(ASKED, model=Path("/nowhere/m.gguf")))
