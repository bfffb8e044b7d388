"""Exports of a tiny tuned student, by the real workers: what is written, checked, resumed and refused."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import psutil
import pytest
from doubles import open_small
from export_host import FORMATS
from gate_here import run_here
from huggingface_hub import ModelCard
from processes import ends
from safetensors.numpy import load_file
from tiny_models import TinyModel, TinyShape, make_tiny
from tuned import add_tuned

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.inventory.templates import set_override
from orca_desk.library.database import Library
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.runs import get_run, list_runs, start_run
from orca_desk.library.trainings import Training, forget_adapter
from orca_desk.models import space
from orca_desk.parity import gate
from orca_desk.parity.gate import STAGE as CHECKING
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.export.export import ExportBlockedError, export
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.outcome import ExportStage, outcome_from_json, stage_from_json
from orca_desk.steps.export.part_folder import part_of
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.export.serving import has_ollama_template
from orca_desk.steps.export.sources import exportable
from orca_desk.student.gguf_reading import field, open_gguf

HOST = [sys.executable, str(Path(__file__).parents[2] / "support" / "export_host.py")]
ALL = (
    Format.F16, Format.Q8_0, Format.SAFETENSORS, Format.ADAPTER, Format.ADAPTER_GGUF, Format.OLLAMA,
    Format.LM_STUDIO,
)  # fmt: skip
pytestmark = pytest.mark.slow


NUMBERED = (  # has no form in Go
    "{% for m in messages %}{{ loop.index ~ m.role ~ ': ' ~ m.content ~ '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """A student without a GGUF file, so that one is converted."""
    made = make_tiny(tmp_path_factory.mktemp("tiny"), shape=TinyShape(width=64))
    made.gguf.unlink()
    (made.folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (made.folder / "LICENSE").write_text("Do what you like.")
    return made


@pytest.fixture(autouse=True)
def few_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of the gate itself compare more."""
    monkeypatch.setattr(gate, "PROMPTS", 3)
    monkeypatch.setattr(gate, "TOKENS", 16)


@pytest.fixture
def gate_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate without processes of its own, where a test is about something else."""
    monkeypatch.setattr(gate, "run_worker", run_here)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def training(library: Library, base: TinyModel) -> Training:
    return add_tuned(library, base.folder)


def asked(training: Training, out: Path, *formats: Format, **more: object) -> ExportRequest:
    settings = {"heldout": 0, "name": "tiny-tuned"} | more
    return ExportRequest(training=training.id, formats=formats, out=out, **settings)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def values_of(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.data for tensor in open_gguf(path).tensors}


def test_everything_at_once(library: Library, training: Training, tmp_path: Path) -> None:
    out, updates = tmp_path / "exports" / "tiny", list[Update]()
    made = export(library, asked(training, out, *ALL, heldout=4), progress=updates.append)
    assert made.finished
    assert made.outcome is not None
    assert made.outcome.gate.passed
    assert [row.label for row in made.outcome.gate.rows] == ["F16", "Q8_0", "adapter"]
    cards = {"README.md", "adapter/README.md", "safetensors/README.md", "ollama/README.md"}
    packed = "lm-studio/orca-desk/tiny-tuned"
    assert files_in(out) == cards | {
        f"{packed}/README.md", f"{packed}/tiny-tuned-Q8_0.gguf", "ollama/Modelfile", "tiny-tuned-F16.gguf",
        "ollama/tiny-tuned-Q8_0.gguf", "tiny-tuned-Q8_0.gguf", "tiny-tuned-adapter.gguf",
        "adapter/adapter_config.json", "adapter/adapter_model.safetensors", "safetensors/config.json",
        "safetensors/model.safetensors", "safetensors/tokenizer.json", "safetensors/tokenizer_config.json",
        "safetensors/LICENSE", "export.json",
    }  # fmt: skip
    assert [path.name for path in out.parent.iterdir()] == ["tiny"]

    reader = open_gguf(out / "tiny-tuned-F16.gguf")
    assert field(reader, gguf.Keys.General.NAME) == "tiny-tuned"
    assert field(reader, gguf.Keys.General.LICENSE) == "mit"
    assert (out / "ollama/tiny-tuned-Q8_0.gguf").samefile(out / f"{packed}/tiny-tuned-Q8_0.gguf")
    modelfile = (out / "ollama/Modelfile").read_text()
    for line in (
        "FROM ./tiny-tuned-Q8_0.gguf",
        'PARAMETER stop "<|im_end|>"',
        'LICENSE """Do what you like."""',
    ):
        assert line in modelfile
    assert "ADAPTER" not in modelfile
    for card in cards:
        data = ModelCard.load(out / card).data
        assert (data.license, data.pipeline_tag) == ("mit", "text-generation")
        assert str(tmp_path) not in (out / card).read_text()
    assert str(tmp_path) not in (out / "export.json").read_text()
    assert ModelCard.load(out / "adapter/README.md").data.library_name == "peft"
    text = (out / "README.md").read_text()
    assert "| Q8_0 | 4 |" in text  # its held-out score stands beside the unquantised one
    assert "| Q8_0 | passed |" in text
    assert "The safetensors folder was compared with the F16 file" in text
    assert "Measured before the export, as the adapter on its base." in text
    assert "The Modelfile has no TEMPLATE" not in text

    scores = {one.label: one for one in made.outcome.scores}
    assert set(scores) == {"Unquantised", "Q8_0"}
    assert scores["Q8_0"].against is not None
    for one in scores.values():  # measured with the file's own weights
        run = get_run(library, one.evaluation)
        assert run.settings["as_stored"] and "unpacked" not in run.outcome
    models = {one.id: one.model for one in list_evaluations(library)}
    assert models[scores["Q8_0"].evaluation] == out / "tiny-tuned-Q8_0.gguf"
    run = get_run(library, made.run)
    assert (run.status, run.kind) == ("done", "export")
    assert outcome_from_json(run.outcome) == made.outcome
    assert {"writing the files", CHECKING, "evaluating"} <= {update.stage for update in updates}

    start_run(library, made.run)  # as if the host had died before it noted the end
    again = export(library, asked(training, out, *ALL, heldout=4))
    assert again == replace(made, seconds=again.seconds)
    assert get_run(library, made.run).status == "done"


def test_a_template_of_the_users_that_came_after_the_training_is_named(
    library: Library, training: Training
) -> None:
    files = {path.name: file_sha256(path) for path in training.base.glob("*") if path.suffix != ".gguf"}
    plan = {"inputs": {"model": files}}
    (training.folder / "run.json").write_text(json.dumps(plan), encoding="utf-8")
    assert exportable(library, training.id) == training
    assert has_ollama_template(library, training.id)
    set_override(library, training.base, NUMBERED)
    with pytest.raises(UserError, match=r"The chat template was changed after train-1 began") as changed:
        exportable(library, training.id)
    assert "Restore the template that it had" in changed.value.hint
    set_override(library, training.base, None)
    plan["inputs"]["model"]["config.json"] = "other"
    (training.folder / "run.json").write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(UserError, match=r"base model was changed after train-1 began \(config.json\)"):
        exportable(library, training.id)


def test_that_ollama_has_to_guess_a_template_is_known_before(library: Library, training: Training) -> None:
    set_override(library, training.base, NUMBERED)
    assert has_ollama_template(library, training.id) is False


def test_rows_too_narrow_for_a_type_are_told(
    library: Library, training: Training, tmp_path: Path, gate_here: None
) -> None:
    """llama.cpp names such a file Q4_K_M nevertheless, and packs its rows of 64 weights as Q5_0."""
    out = tmp_path / "out"
    made = export(library, asked(training, out, Format.Q4_K_M, Format.OLLAMA))
    assert made.outcome is not None
    assert [one.stored_as for one in made.outcome.files] == ["Q5_0", "Q5_0"]
    cards = list(out.rglob("README.md"))
    assert len(cards) > 1
    for card in cards:  # also that of the Ollama folder, which holds the same file
        assert "holds most weights as Q5_0" in card.read_text()


def test_an_export_that_was_stopped_goes_on(
    library: Library, training: Training, tmp_path: Path, gate_here: None
) -> None:
    """Whichever stage it was in; and another choice of formats takes up what is there."""
    control, out = JobControl(), tmp_path / "out"

    def stop_at(update: Update) -> None:
        if update.stage == CHECKING:
            control.stop()

    request = asked(training, out, Format.F16, Format.Q8_0, Format.OLLAMA)
    first = export(library, request, progress=stop_at, control=control)
    assert not first.finished
    assert not out.exists()
    run = get_run(library, first.run)
    assert run.status == "cancelled"
    assert stage_from_json(run.outcome) is ExportStage.CHECKING
    merged = part_of(out) / "tiny-tuned-F16.gguf"
    written = merged.stat().st_mtime_ns
    again = export(library, asked(training, out, Format.F16))
    assert again.run != first.run
    assert (out / "tiny-tuned-F16.gguf").stat().st_mtime_ns == written
    assert files_in(out) == {"README.md", "export.json", "tiny-tuned-F16.gguf"}


def test_a_refused_file_is_not_handed_over_unless_the_user_says_so(
    library: Library, training: Training, tmp_path: Path, gate_here: None
) -> None:
    """The adapter's GGUF file was made of another training: it says something else than what was trained."""
    out = tmp_path / "out"
    other = add_tuned(library, training.base, strength=0.0, seed=1)
    assert training.adapter_gguf
    assert other.adapter_gguf
    shutil.copyfile(other.adapter_gguf, training.adapter_gguf)
    request = asked(training, out, Format.ADAPTER_GGUF, Format.F16)
    with pytest.raises(ExportBlockedError, match="the check failed for adapter") as refused:
        export(library, request)
    assert [row.label for row in refused.value.outcome.gate.failed] == ["adapter"]
    assert not out.exists()
    (run,) = list_runs(library, kind="export")
    assert run.status == "failed"
    stored = outcome_from_json(run.outcome)
    assert stored is not None
    assert stored.is_blocked
    assert (stored.files, stored.gate) == ((), refused.value.outcome.gate)

    made = export(library, asked(training, out, Format.ADAPTER_GGUF, Format.F16, override=True))
    assert made.run == run.id
    assert made.outcome is not None
    assert made.outcome.is_overridden
    assert "Exported although a check failed: adapter" in (out / "README.md").read_text()
    assert get_run(library, run.id).status == "done"


def test_what_cannot_be_exported_is_said_before_anything_is_written(
    library: Library, training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "out"
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "theirs").touch()
    with pytest.raises(UserError, match="no training"):
        export(library, ExportRequest(training="none", formats=(Format.F16,), out=out, name="x"))
    with pytest.raises(UserError, match="already exists"):
        export(library, asked(training, taken, Format.F16))
    assert list_runs(library, kind="export") == []
    monkeypatch.setattr(space, "MARGIN", 2**60)
    with pytest.raises(UserError, match=r"needs .* free"):
        export(library, asked(training, out, Format.F16))
    assert files_in(tmp_path / "deep") == set()
    forget_adapter(library, training.id)
    with pytest.raises(UserError, match="no adapter in use"):
        export(library, asked(training, out, Format.F16))


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_kill_9_at_any_moment_loses_nothing_and_leaves_nothing(
    base: TinyModel, tmp_path: Path, gate_here: None
) -> None:
    """The host is killed again and again, further on each time; the end equals an undisturbed export."""
    folder, out = tmp_path / "library", tmp_path / "out"
    chance = random.Random(3)
    killed = 0
    for lines in (chance.randrange(2, 7), chance.randrange(8, 14), 0):
        with subprocess.Popen(
            [*HOST, str(folder), str(base.folder), str(out)], stdout=subprocess.PIPE, text=True
        ) as host:
            assert host.stdout is not None
            for number, _ in enumerate(host.stdout, start=1):
                if number == lines:
                    workers = psutil.Process(host.pid).children()
                    host.send_signal(signal.SIGKILL)
                    assert all(ends(worker.pid) for worker in workers), "a worker outlived its host"
                    killed += 1
        if host.returncode == 0:
            break
        assert not out.exists() or (out / "export.json").exists()
    assert killed == 2
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with open_small(tmp_path / "other") as library:
        undisturbed = export(library, asked(add_tuned(library, base.folder), tmp_path / "two", *FORMATS))
    assert undisturbed.outcome is not None
    for one in undisturbed.outcome.files:
        if one.place.endswith(".gguf"):
            ours, theirs = values_of(out / one.place), values_of(tmp_path / "two" / one.place)
        else:
            ours, theirs = load_file(out / one.place), load_file(tmp_path / "two" / one.place)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert json.loads((out / "export.json").read_text())["run"] == "export-1"
