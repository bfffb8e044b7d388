"""How long a run of the teacher will take, before anything was tried."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import SHORT, open_small
from tiny_models import TinyModel

from orca_desk.library.database import Library
from orca_desk.steps.instruct import estimate
from orca_desk.steps.instruct.estimate import estimate_teaching
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.ui.words.teaching import teaching_time_text


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_small(tmp_path / "library") as library:
        yield library


def test_the_first_run_is_estimated_from_the_machine_and_the_next_from_the_first(
    library: Library, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = GenerateRequest(model=str(tiny_llama.gguf), sampling=SHORT, threads=1, context=512)
    rough = estimate_teaching(library, request, 1000)
    assert rough and rough.earlier is None and 0 < rough.low < rough.high
    longer = replace(request, sampling=replace(SHORT, max_tokens=2000))
    allowed = estimate_teaching(library, longer, 1000)
    assert allowed and allowed.low == rough.low and allowed.high > rough.high
    assert "preview gives a better estimate" in teaching_time_text(rough)

    monkeypatch.setattr(estimate, "ENOUGH", 2)
    made = request.generate(library)
    known = estimate_teaching(library, request, 10 * made.new)
    assert known and known.earlier == made.run
    assert known.low < 10 * made.seconds < known.high
    assert made.run in teaching_time_text(known)
    other = estimate_teaching(library, replace(request, model=str(tiny_llama.folder)), 10)
    assert other and other.earlier is None


def test_there_is_nothing_to_estimate_without_a_teacher_or_an_answer(library: Library) -> None:
    assert estimate_teaching(library, GenerateRequest(), 5) is None
    assert estimate_teaching(library, GenerateRequest(model="teacher.gguf"), 0) is None
