"""A training over time: its kept adapters and its base answer the same tasks, once."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from doubles import open_small
from tiny_adapters import make_adapter
from tiny_models import TinyModel
from tuned import add_tuned

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.evaluations import get_evaluation, list_evaluations
from orca_desk.library.trainings import Training
from orca_desk.method.records import Sampling
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate import checkpoints
from orca_desk.steps.evaluate.answer_steps import scored_answer
from orca_desk.steps.evaluate.checkpoints import (
    ADAPTERS,
    checkpoint_curve,
    checkpoint_steps,
    evaluate_checkpoints,
    is_current,
)
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.student.export import export_adapter
from orca_desk.ui.words.checkpoints import curve_notes

pytest.importorskip("llama_cpp")
pytest.importorskip("torch")
SHORT = Sampling(max_tokens=4)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_small(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def training(library: Library, tiny_llama: TinyModel) -> Training:
    """A finished training with two whole checkpoints and one adapter of an earlier one.

    All but the first were written as GGUF by an earlier call: a process for each would take seconds.
    """
    made = add_tuned(library, tiny_llama.folder)
    folder = made.folder / "checkpoints"
    (made.folder / ADAPTERS).mkdir()
    for number, place in enumerate(("adapters/step-3", "step-6/adapter", "step-12/adapter")):
        adapter = make_adapter(folder / place, tiny_llama.folder, strength=0.5, seed=number)
        if number:
            step = adapter.parent.name
            export_adapter(adapter, tiny_llama.folder, made.folder / ADAPTERS / f"{step}.gguf")
    (folder / "step-20").mkdir()  # nothing whole
    return made


def test_every_kept_adapter_and_the_base_are_evaluated_once(library: Library, training: Training) -> None:
    assert list(checkpoint_steps(training)) == [3, 6, 12]
    assert checkpoint_curve(library, training.id).checkpoints == ()
    stages: list[Update] = []
    found = evaluate_checkpoints(library, training.id, per_family=3, sampling=SHORT, progress=stages.append)
    assert found.finished and found.steps == (0, 3, 6, 12)
    assert not list((training.folder / ADAPTERS).glob("*.part*"))
    assert [one.step for one in found.checkpoints] == [0, 3, 6, 12]
    for one in found.checkpoints:
        assert list(one.families) == ["belief", "sums", OVERALL]
        assert one.families[OVERALL].accuracy.n == 6 and one.families[OVERALL].adherence.n == 6
        assert 0 < one.families[OVERALL].mean_tokens <= 4
    first = get_evaluation(library, found.checkpoints[1].evaluation)
    assert first.name == f"checkpoint {training.id}, step 3" and first.of_experiment
    assert any("step 3 (2 of 4)" in update.stage for update in stages)
    again = evaluate_checkpoints(library, training.id, per_family=3, sampling=SHORT)
    assert again == found and len(list_evaluations(library)) == 4
    assert checkpoint_curve(library, training.id) == found
    (note,) = curve_notes(found)
    assert note.startswith("6 held-out tasks under the cautious system message")
    asked = ["evaluate", "checkpoints", training.id, "--library", str(library.folder), "--stored"]
    library.close()
    result = CliRunner().invoke(commands, [*asked, "--json"])
    assert result.exit_code == 0, result.output
    assert [one["step"] for one in json.loads(result.output)["checkpoints"]] == [0, 3, 6, 12]
    result = CliRunner().invoke(commands, asked)
    assert result.exit_code == 0 and "base" in result.output and "follows its strategy" in result.output


def test_a_stop_keeps_what_was_evaluated_and_the_next_call_goes_on(
    library: Library, training: Training
) -> None:
    control = JobControl()

    def stop_in_the_second(update: Update) -> None:
        if "step 3" in update.stage:
            control.stop()

    stopped = evaluate_checkpoints(
        library, training.id, per_family=2, sampling=SHORT, progress=stop_in_the_second, control=control
    )
    assert not stopped.finished and [one.step for one in stopped.checkpoints] == [0]
    assert "3 checkpoints not evaluated yet." in list(curve_notes(stopped))
    for path in checkpoint_steps(training).values():
        if "step-3" not in path.parts:
            shutil.rmtree(path)
    found = evaluate_checkpoints(library, training.id, per_family=2, sampling=SHORT)
    assert found.finished and [one.step for one in found.checkpoints] == [0, 3]
    assert found.checkpoints[0].evaluation == stopped.checkpoints[0].evaluation


def test_a_file_that_is_damaged_or_older_than_its_adapter_is_made_anew(
    library: Library, training: Training
) -> None:
    for step in ("adapters/step-3", "step-12/adapter"):
        shutil.rmtree(training.folder / "checkpoints" / step)
    file = training.folder / ADAPTERS / "step-6.gguf"
    whole = file.read_bytes()
    adapter = checkpoint_steps(training)[6]
    assert is_current(file, adapter)
    os.utime(file, ns=(0, 0))
    assert not is_current(file, adapter)
    file.write_bytes(whole[:100])
    assert not is_current(file, adapter)
    found = evaluate_checkpoints(library, training.id, per_family=1, sampling=SHORT)
    assert [one.step for one in found.checkpoints] == [0, 6] and file.read_bytes() == whole


def test_only_the_newest_files_are_kept_and_that_is_told(
    library: Library, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "FILES_KEPT", 1)
    shutil.rmtree(checkpoint_steps(training)[3])
    found = evaluate_checkpoints(library, training.id, per_family=1, sampling=SHORT)
    assert [path.name for path in (training.folder / ADAPTERS).iterdir()] == ["step-12.gguf"]
    assert found.without_file == 1 and [one.step for one in found.checkpoints] == [0, 6, 12]
    assert any("the tokens of 1 checkpoint cannot be scored" in note for note in curve_notes(found))
    older, newest = found.checkpoints[1:]
    assert scored_answer(library, older.evaluation, "Why?", None, "So.") == (None, "no adapter")
    assert scored_answer(library, newest.evaluation, "Why?", None, "So.")[0] is not None


def test_an_adapter_that_is_cut_off_is_named_with_a_remedy(library: Library, training: Training) -> None:
    adapter = checkpoint_steps(training)[3]
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-20])
    with pytest.raises(UserError, match=f"Step 3 of {training.id} cannot be evaluated") as cut:
        evaluate_checkpoints(library, training.id, per_family=1, sampling=SHORT)
    assert cut.value.hint.startswith(f"Remove {adapter}")


def test_what_cannot_be_evaluated_is_told(library: Library, tiny_llama: TinyModel) -> None:
    bare = add_tuned(library, tiny_llama.folder)
    with pytest.raises(UserError, match="has no checkpoint to evaluate"):
        evaluate_checkpoints(library, bare.id)
    with pytest.raises(UserError, match="no training train-9"):
        evaluate_checkpoints(library, "train-9")
