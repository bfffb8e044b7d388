"""Which files of a folder hold its weights: the catalogue, the trainer and the converter agree."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.models.identify import identify
from orca_desk.models.safetensors_header import has_weights, weight_files
from orca_desk.student.safetensors_files import SafetensorsFiles


@pytest.fixture
def folder(tiny_llama: TinyModel, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may change."""
    return Path(shutil.copytree(tiny_llama.folder, tmp_path / "model"))


def shard(folder: Path, *names: str) -> None:
    """Write the weights as shards of these names, beside the one file that holds them all."""
    tensors = load_file(folder / "model.safetensors")
    parts = {name: sorted(tensors)[number :: len(names)] for number, name in enumerate(names)}
    for name, part in parts.items():
        save_file({tensor: tensors[tensor] for tensor in part}, folder / name)
    index = {"weight_map": {tensor: name for name, part in parts.items() for tensor in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_one_file_goes_before_an_index_as_in_transformers(folder: Path) -> None:
    shard(folder, "a.safetensors", "b.safetensors")
    assert weight_files(folder) == (folder / "model.safetensors",)
    (folder / "model.safetensors").unlink()
    shards = (folder / "a.safetensors", folder / "b.safetensors")
    assert has_weights(folder) and weight_files(folder) == identify(folder).files == shards
    assert {tensor.path for tensor in SafetensorsFiles(folder).values()} == set(shards)


def test_a_file_under_another_name_is_refused_with_the_remedy(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "weights.safetensors")
    assert not has_weights(folder)
    for read in (identify, SafetensorsFiles):
        with pytest.raises(UserError, match=r"has no model\.safetensors") as refusal:
            read(folder)
        assert "Rename weights.safetensors" in refusal.value.hint


def test_parts_without_their_list_are_refused_with_the_remedy(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    with pytest.raises(UserError, match=r"has no model\.safetensors\.index\.json") as refusal:
        weight_files(folder)
    assert refusal.value.hint == "Download that file too."


@pytest.mark.parametrize(
    ("name", "offers"), [("pytorch_model.bin", True), ("consolidated.00.pth", False), ("optimizer.pt", False)]
)
def test_pickles_are_never_opened(folder: Path, name: str, offers: bool) -> None:
    """The command is offered where transformers finds such weights."""
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(UserError, match="only pickled weights") as refusal:
        weight_files(folder)
    assert ("convert them by python" in refusal.value.hint) == offers
    assert "Download the model's safetensors files" in refusal.value.hint


@pytest.mark.parametrize("index", [{}, {"weight_map": {}}, {"weight_map": {"a": "../x.safetensors"}}])
def test_an_index_names_files_of_its_folder(folder: Path, index: object) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="does not name files of its folder"):
        weight_files(folder)
