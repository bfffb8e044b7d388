"""What the user chose for all pages is what comes back; what cannot be used is passed over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling
from orca_desk.steps.defaults import (
    BATCH,
    MESSAGE,
    SAMPLING,
    THREADS,
    StudentMessage,
    choose_message,
    choose_runner,
    choose_sampling,
    default_message,
    default_runner,
    default_sampling,
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


def test_without_a_choice_everything_is_as_the_job_functions_have_it(library: Library) -> None:
    runner = default_runner(library, Path("model.gguf"))
    assert (runner.threads, runner.batch, runner.context) == (None, None, None)
    assert default_sampling(library) == Sampling()
    assert default_message(library).message == CAUTIOUS


def test_a_choice_comes_back(library: Library) -> None:
    choose_runner(library, threads=3, batch=16)
    choose_sampling(library, Sampling(temperature=0.7, stop=("END",)))
    choose_message(library, StudentMessage(kind="own", text="Be brief."))
    runner = default_runner(library, Path("model.gguf"), Path("adapter.gguf"))
    assert (runner.threads, runner.batch, runner.adapter) == (3, 16, Path("adapter.gguf"))
    assert default_sampling(library) == Sampling(temperature=0.7, stop=("END",))
    assert default_message(library).message == "Be brief."


@pytest.mark.parametrize("bad", [0, -1, "4", 4.0, True, 10**9, [1], {"no": 1}])
def test_what_cannot_be_used_is_passed_over(library: Library, bad: object) -> None:
    for key in (THREADS, BATCH, SAMPLING, MESSAGE):
        set_setting(library, key, bad)
    runner = default_runner(library, Path("model.gguf"))
    assert (runner.threads, runner.batch) == (None, None)
    assert default_sampling(library) == Sampling()
    assert default_message(library) == StudentMessage()


def test_a_blank_message_of_ones_own_is_refused() -> None:
    with pytest.raises(UserError, match="blank"):
        StudentMessage(kind="own", text=" ")
