"""Quantised weights held as F16, where that makes many answers at once faster."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_adapters import make_adapter
from tiny_models import TinyModel, make_tiny

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import read_header
from orca_desk.processes.host import run_worker
from orca_desk.student.convert import write_gguf
from orca_desk.student.export import export_adapter
from orca_desk.student.from_gguf import write_folder
from orca_desk.teacher import unpacked
from orca_desk.teacher.engine import ENGINE_VERSION, Engine
from orca_desk.teacher.unpacked import UNPACKED, is_packed, pays, unpack

IDS = list(range(20, 60))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return make_tiny(tmp_path_factory.mktemp("packed"), dtype="q8_0")


@pytest.fixture(autouse=True)
def measured_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


def logits(model: Path, *, unpacks: bool, adapter: Path | None = None) -> np.ndarray:
    with Engine(model, batch=4, context=256, adapter=adapter, unpacks=unpacks) as engine:
        assert engine.version == f"{ENGINE_VERSION}, weights unpacked to F16" if unpacks else ENGINE_VERSION
        return engine.logits(IDS)


def test_what_is_computed_is_the_files_weights_as_f16(model: TinyModel, tmp_path: Path) -> None:
    unpack(model.gguf, tmp_path / "f16.gguf")
    assert is_packed(model.gguf) and not is_packed(tmp_path / "f16.gguf")
    found = logits(model.gguf, unpacks=True)
    np.testing.assert_array_equal(found, logits(tmp_path / "f16.gguf", unpacks=False))


def test_it_is_nearer_to_exact_arithmetic(model: TinyModel, tmp_path: Path) -> None:
    write_folder(model.gguf, tmp_path / "folder")
    write_gguf(tmp_path / "folder", tmp_path / "f32.gguf", dtype="f32")
    exact = logits(tmp_path / "f32.gguf", unpacks=False)
    off = {unpacks: np.abs(logits(model.gguf, unpacks=unpacks) - exact).max() for unpacks in (False, True)}
    assert off[True] < off[False] / 5


def test_an_adapter_fits_unpacked_weights(model: TinyModel, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    export_adapter(make_adapter(tmp_path / "adapter", model.folder), model.folder, adapter)
    plain, tuned = logits(model.gguf, unpacks=True), logits(model.gguf, unpacks=True, adapter=adapter)
    stored = logits(model.gguf, unpacks=False, adapter=adapter)
    assert np.abs(tuned - plain).max() > 10 * np.abs(tuned - stored).max()


def test_a_model_beside_shares_unpacked_weights(model: TinyModel) -> None:
    with (
        Engine(model.gguf, batch=4, context=256, unpacks=True) as first,
        Engine(model.gguf, batch=1, context=256, beside=first) as second,
    ):
        assert second.version == first.version
        np.testing.assert_allclose(second.logits(IDS), first.logits(IDS), atol=1e-4)


def test_nothing_is_left_on_the_disk(
    model: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Engine(model.gguf, batch=4, context=256, unpacks=True) as engine:
        assert list(tmp_path.iterdir()) == []
        assert engine.logits(IDS).shape == (len(IDS), engine.tokenizer.size)


def test_without_room_on_the_disk_the_weights_stay_as_they_are(
    model: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(model: Path, out: Path) -> None:
        raise UserError("There is no room.", "Make some.")

    monkeypatch.setattr(unpacked, "unpack", full)
    with Engine(model.gguf, batch=4, context=256, unpacks=True) as engine:
        assert engine.version == ENGINE_VERSION


def test_without_a_temporary_folder_the_weights_stay_as_they_are(
    model: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with Engine(model.gguf, batch=4, context=256, unpacks=True) as engine:
        assert engine.version == ENGINE_VERSION


def test_what_a_killed_process_left_is_deleted_and_what_another_loads_is_not(
    model: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("orca-desk-f16-old", "orca-desk-f16-new", "others"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.gguf").write_bytes(b"GGUF")
    for name in ("orca-desk-f16-old", "others"):
        os.utime(tmp_path / name, (0, 0))
    with unpacked.unpacked(model.gguf) as copy:
        assert copy and copy.is_file()
    assert {folder.name for folder in tmp_path.iterdir()} == {"orca-desk-f16-new", "others"}


def test_a_part_of_a_model_is_left_as_it_is(model: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    header = read_header(model.gguf)
    part = replace(header, metadata={**header.metadata, "split.count": 3})
    monkeypatch.setattr(unpacked, "read_header", lambda path: part)
    assert not pays(model.gguf, None)


def test_it_is_done_where_it_pays(
    model: TinyModel, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pays(model.gguf, None) and pays(model.gguf, 4)
    assert not pays(model.gguf, 1)
    assert not pays(tiny_llama.gguf, None)  # 32-bit weights
    assert not pays(tmp_path / "missing.gguf", None)
    monkeypatch.setattr(unpacked, "free_memory", lambda: 1000)
    assert not pays(model.gguf, None)
    monkeypatch.undo()
    monkeypatch.setattr(unpacked, "MOST_WEIGHTS", 1000)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert not pays(model.gguf, None)
    monkeypatch.undo()
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert not pays(model.gguf, None)


def test_a_run_says_it_and_a_chat_keeps_the_files_weights(
    model: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the workers look at the real processor
    said = {}
    for batch, as_stored in ((4, False), (4, True), (1, False)):
        events: list[dict[str, Any]] = []
        job = {"model": str(model.gguf), "batch": batch, "as_stored": as_stored}
        assert run_worker("teach", job, on_events=events.extend)
        said[batch, as_stored] = next(event["engine"] for event in events if event["event"] == "ready")
    assert said[1, False] == said[4, True] == ENGINE_VERSION
    assert said[4, False] == (f"{ENGINE_VERSION}, {UNPACKED}" if pays(model.gguf, 4) else ENGINE_VERSION)
