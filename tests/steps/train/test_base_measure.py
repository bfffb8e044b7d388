"""Measuring a tiny real student before any training: every answer is stored, and none is asked twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import SHORT, open_small
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.library.base_answers import measured_bases, rates_in
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.train.base_measure import (
    base_named,
    measure_base,
    measured_tasks,
    measuring_time,
)
from orca_desk.steps.train.base_request import BaseRequest, measured_from_json
from orca_desk.ui.words.outcomes import outcome_text


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_small(tmp_path / "library") as library:
        yield library


def request_of(model: Path, **fields: object) -> BaseRequest:
    sampling = Sampling(temperature=1.0, max_tokens=8)
    values = {"model": str(model), "samples": 2, "per_family": 3, "sampling": sampling, "context": 512}
    return BaseRequest(**{**values, "threads": 1, "batch": 2, **fields})  # type: ignore[arg-type]


def test_a_student_is_measured_once(library: Library, tiny_qwen: TinyModel) -> None:
    request = request_of(tiny_qwen.gguf)
    tasks = measured_tasks(library, request)
    time = measuring_time(request, len(tasks))
    assert 0 < time.low < time.high
    assert len(tasks) == 6 and {task.split for task in tasks} == {"train"}
    control = JobControl()

    def stop_soon(update: Update) -> None:
        if update.done:
            control.stop()

    first = measure_base(library, request, progress=stop_soon, control=control)
    assert not first.finished and 0 < first.answers < 12
    updates: list[Update] = []
    found = measure_base(library, request, progress=updates.append)
    assert found.run == first.run
    assert (found.finished, found.answers, found.tasks, found.failed) == (True, 12, 6, {})
    assert any(update.done == first.answers and update.total == 12 for update in updates)
    run = get_run(library, found.run)
    assert measured_from_json(run.outcome) == found
    assert "12 answers correct. Of 6 tasks" in outcome_text(run.outcome)
    assert BaseRequest.from_json(run.request or {}) == request
    again = measure_base(library, request)
    assert (again.answers, again.base) == (12, found.base)
    with library.read() as db:
        rates = rates_in(db, model=found.base, system=CAUTIOUS)
    assert {rate.n for rate in rates.values()} == {2}
    once = measure_base(library, request_of(tiny_qwen.gguf, samples=1, sampling=SHORT))
    assert (once.answers, once.tasks) == (6, 6)  # and not those of the measurement before
    (base,) = measured_bases(library, CAUTIOUS)
    assert base_named(library, str(tiny_qwen.gguf), CAUTIOUS) == base.model == found.base
    assert base_named(library, found.base[:10], CAUTIOUS) == found.base
    with pytest.raises(UserError, match="was not measured"):
        base_named(library, found.base[:10], "another message")


def test_what_cannot_be_measured_is_refused(library: Library, tiny_qwen: TinyModel, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="same answer every time"):
        measure_base(library, request_of(tiny_qwen.gguf, sampling=SHORT))
    with pytest.raises(UserError, match="No training task of a family named nothing"):
        measure_base(library, request_of(tiny_qwen.gguf, families=("nothing",)))
    with (
        Library.open(tmp_path / "empty", samples=False) as empty,
        pytest.raises(UserError, match="No training task has a reference"),
    ):
        measure_base(empty, request_of(tiny_qwen.gguf))
    with pytest.raises(UserError, match="Another version"):
        BaseRequest.from_json({"model": "x"})
