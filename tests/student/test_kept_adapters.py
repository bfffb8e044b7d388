"""Adapters of removed checkpoints are kept, few and spread out, to look at a training over time."""

from itertools import pairwise
from pathlib import Path

import pytest
from tiny_models import TinyModel
from training_records import Going, make_records, quick, write_records

from orca_desk.student import checkpoints
from orca_desk.student.train import train

pytest.importorskip("torch")


def checkpoint(folder: Path, step: int, size: int = 10) -> Path:
    adapter = folder / f"step-{step}" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(b"x" * size)
    return adapter.parent


def kept_steps(folder: Path) -> list[int]:
    return [checkpoints.step_of(path) for path in checkpoints.in_order(folder / checkpoints.KEPT)]


def test_at_most_eight_stay_and_are_closer_together_at_the_beginning(tmp_path: Path) -> None:
    for step in range(50, 2001, 50):
        checkpoints._keep_adapter(checkpoint(tmp_path, step))
    steps = kept_steps(tmp_path)
    assert len(steps) == checkpoints.MOST_KEPT and steps[-1] == 2000 and steps[0] <= 100
    gaps = [later - earlier for earlier, later in pairwise(steps)]
    assert min(gaps[-3:]) > gaps[0]


def test_large_adapters_are_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MOST_BYTES", 35)
    for step in range(1, 10):
        checkpoints._keep_adapter(checkpoint(tmp_path, step))
    assert len(kept_steps(tmp_path)) == 3


def test_a_checkpoint_without_an_adapter_is_removed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "step-3").mkdir()
    checkpoints._keep_adapter(tmp_path / "step-3")
    assert kept_steps(tmp_path) == []


def test_a_training_keeps_the_adapters_of_its_earlier_checkpoints(
    tiny_llama: TinyModel, tmp_path: Path
) -> None:
    records = write_records(tmp_path / "records.jsonl", make_records(30))
    out = tmp_path / "out"
    train(
        base=tiny_llama.folder,
        records=records,
        out=out,
        settings=quick(checkpoint_every=1, epochs=1),
        emit=lambda event: None,
        control=Going(),
    )
    kept = checkpoints.in_order(out / "checkpoints" / checkpoints.KEPT)
    whole = [path / "adapter" for path in checkpoints.in_order(out / "checkpoints")]
    steps = {checkpoints.step_of(path) for path in kept + whole}
    assert len(steps) > checkpoints.STORED
    assert all((path / checkpoints.CONFIG).is_file() for path in kept + whole)
