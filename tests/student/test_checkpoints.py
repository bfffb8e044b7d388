"""Checkpoints on the disk: whole or skipped, few, without pickles; and what may not change between them."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from file_limits import limited_file_size
from tiny_models import TinyModel
from training_records import Going, make_records, quick, write_records

from orca_desk.errors import UserError, explain_os_error
from orca_desk.files import file_sha256
from orca_desk.models.base_identity import BaseMatch, base_of_adapter, compare_base
from orca_desk.student import checkpoints
from orca_desk.student.export import export_adapter
from orca_desk.student.settings import TrainSettings
from orca_desk.student.train import TrainOutcome, train


class Run:
    """A stopped run that a test may damage; `go_on` calls train again."""

    def __init__(self, base: Path, folder: Path) -> None:
        self.base, self.out = base, folder / "out"
        self.records = write_records(folder / "records.jsonl", make_records(30))
        self.events: list[dict[str, Any]] = []

    def go_on(self, control: Going | None = None, settings: TrainSettings | None = None) -> TrainOutcome:
        self.events = []
        return train(
            base=self.base,
            records=self.records,
            out=self.out,
            settings=settings or quick(),
            emit=self.events.append,
            control=control or Going(),
        )

    @property
    def checkpoints(self) -> list[Path]:
        return checkpoints.in_order(self.out / "checkpoints")

    @property
    def warnings(self) -> list[str]:
        return [event["message"] for event in self.events if event["event"] == "warning"]


@pytest.fixture(scope="module")
def finished(tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tiny_llama.folder, tmp_path_factory.mktemp("finished"))
    run.go_on()
    return run


@pytest.fixture(scope="module")
def stopped_once(tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tiny_llama.folder, tmp_path_factory.mktemp("stopped"))
    run.go_on(Going(7))
    return run


@pytest.fixture
def stopped(stopped_once: Run, tmp_path: Path) -> Run:
    """A copy of a run that was stopped after seven steps."""
    shutil.copytree(stopped_once.out, tmp_path / "out")
    return Run(stopped_once.base, tmp_path)


def test_few_are_kept_and_none_is_a_pickle(finished: Run) -> None:
    assert 1 <= len(finished.checkpoints) <= checkpoints.STORED + 1
    files = [path for path in finished.out.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors"}
    assert all(checkpoints.is_whole(path) for path in finished.checkpoints)


@pytest.mark.parametrize("name", ["state.safetensors", "state.json", "adapter/adapter_model.safetensors"])
def test_a_flipped_byte_makes_it_damaged(finished: Run, name: str, tmp_path: Path) -> None:
    copy = tmp_path / "step-1"
    shutil.copytree(finished.checkpoints[-1], copy)
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    assert not checkpoints.is_whole(copy)


def test_a_damaged_checkpoint_is_skipped_with_a_sentence(stopped: Run, finished: Run) -> None:
    newest = stopped.checkpoints[-1]
    assert newest.name == "step-7"
    (newest / "state.safetensors").write_bytes(b"")
    outcome = stopped.go_on()
    assert stopped.warnings == ["The checkpoint step-7 is damaged and was skipped."]
    assert outcome.ending == "finished"
    weights = "adapter/adapter_model.safetensors"
    assert (stopped.out / weights).read_bytes() == (finished.out / weights).read_bytes()


def test_with_every_checkpoint_damaged_it_starts_over(stopped: Run, finished: Run) -> None:
    for path in stopped.checkpoints:
        (path / checkpoints.MANIFEST).unlink()
    count = len(stopped.checkpoints)
    stopped.go_on()
    assert len(stopped.warnings) == count
    weights = "adapter/adapter_model.safetensors"
    assert (stopped.out / weights).read_bytes() == (finished.out / weights).read_bytes()


def test_a_half_written_checkpoint_is_no_checkpoint(stopped: Run) -> None:
    part = stopped.out / "checkpoints" / ".step-9.part"
    shutil.copytree(stopped.checkpoints[-1], part)
    (part / "state.json").unlink()
    stopped.go_on()
    assert not stopped.warnings and not part.exists()


def test_changed_settings_are_refused(stopped: Run) -> None:
    with pytest.raises(UserError, match=r"setting learning_rate was 0\.01"):
        stopped.go_on(settings=quick(learning_rate=2e-2))


def test_changed_records_are_refused(stopped: Run) -> None:
    write_records(stopped.records, make_records(31))
    with pytest.raises(UserError, match="records changed"):
        stopped.go_on()


def test_another_base_is_refused(stopped: Run, tiny_qwen: TinyModel) -> None:
    stopped.base = tiny_qwen.folder
    with pytest.raises(UserError, match="model changed"):
        stopped.go_on()


def test_the_adapter_carries_the_identity_of_its_base(finished: Run, tmp_path: Path) -> None:
    adapter = finished.out / "adapter"
    identity = base_of_adapter(adapter)
    assert identity is not None
    assert identity.sha256 == file_sha256(finished.base / "model.safetensors")
    assert identity.name == finished.base.name
    assert compare_base(identity, finished.base) is BaseMatch.SAME
    export_adapter(adapter, finished.base, tmp_path / "adapter.gguf")
    assert base_of_adapter(tmp_path / "adapter.gguf") == identity


@pytest.mark.parametrize("failing", ["the old one away", "the new one in"])
def test_there_is_always_a_good_adapter(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Whichever rename is the last one before a crash."""
    identity = base_of_adapter(finished.out / "adapter")
    assert identity is not None
    final = tmp_path / "adapter"
    source = finished.checkpoints[-1] / "adapter"
    checkpoints.publish_adapter(source, final, identity)
    good = (final / "adapter_model.safetensors").read_bytes()
    rename, calls = Path.rename, [failing == "the new one in"]

    def crash(path: Path, target: Path) -> Path:
        if calls and calls.pop():
            return rename(path, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.publish_adapter(source, final, identity)
    checkpoints.recover_adapter(final)
    assert (final / "adapter_model.safetensors").read_bytes() == good
    checkpoints.publish_adapter(source, final, identity)
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


@pytest.mark.skipif(os.name != "posix", reason="the limit stands for a file system's")
def test_a_checkpoint_that_the_disk_refuses_is_told_with_the_reason(
    tiny_llama: TinyModel, tmp_path: Path
) -> None:
    run = Run(tiny_llama.folder, tmp_path)
    with limited_file_size(20_000), pytest.raises(OSError) as caught:
        run.go_on()
    told = explain_os_error(caught.value)
    assert told is not None and "cannot hold a file as large as" in told.message
    assert not list((run.out / "checkpoints").iterdir())
    assert run.go_on().ending == "finished"


def test_pruning_reads_no_weights(finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs after every checkpoint, and hashing two of them takes seconds with a large adapter."""
    copies = shutil.copytree(finished.out / "checkpoints", tmp_path / "checkpoints")
    monkeypatch.setattr(checkpoints, "file_sha256", lambda path: pytest.fail(f"hashed {path}"))
    checkpoints._prune(Path(copies))
    assert len(checkpoints.in_order(Path(copies))) == len(finished.checkpoints)
