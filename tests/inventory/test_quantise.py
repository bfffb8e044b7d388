"""A smaller copy of a model: made by llama.cpp, whole or not at all."""

from pathlib import Path

import pytest
from new_library import new_library
from tiny_models import TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.quantise import quantise, smaller_copy
from orca_desk.models import space
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.processes.progress import JobControl, Update


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """A model whose rows hold the 256 weights that llama.cpp packs together."""
    shape = TinyShape(width=256, heads=4, kv_heads=4, ffn=512)
    return identify(make_tiny(tmp_path_factory.mktemp("wide"), shape=shape, dtype="f16").gguf)


def test_a_copy_is_smaller_and_of_the_kind(wide: ModelFile, tmp_path: Path) -> None:
    seen: list[Update] = []
    with new_library(tmp_path / "library") as library:
        out = smaller_copy(library, wide, "q4_k_m")
    assert quantise(wide, out, "q4_k_m", progress=seen.append)
    made = identify(out)
    assert (made.name, made.quantisation) == ("model-Q4_K_M", "Q4_K_M")
    assert made.size_bytes < wide.size_bytes / 2 and seen[0].stage == "quantising"


def test_a_stopped_copy_leaves_nothing(wide: ModelFile, tmp_path: Path) -> None:
    control = JobControl()
    control.stop()
    out = tmp_path / "copy.gguf"
    assert not quantise(wide, out, "q8_0", control=control) and not out.exists()


def test_a_quantised_model_is_refused(wide: ModelFile, tmp_path: Path) -> None:
    assert quantise(wide, tmp_path / "once.gguf", "q8_0")
    with pytest.raises(UserError, match="F32, F16 or BF16"):
        quantise(identify(tmp_path / "once.gguf"), tmp_path / "twice.gguf", "q4_k_m")
    assert sorted(path.name for path in tmp_path.glob("*")) == ["once.gguf"]


def test_a_mixture_is_quantised_too(wide: ModelFile, tmp_path: Path) -> None:
    """llama.cpp would copy one whose tensors have the wanted types already."""
    assert quantise(wide, tmp_path / "once.gguf", "q4_k_m")
    with pytest.raises(UserError, match=r"already quantised \(Q4_K_M\)"):
        quantise(identify(tmp_path / "once.gguf"), tmp_path / "twice.gguf", "q4_k_m")


def test_a_copy_never_takes_the_models_place(tmp_path: Path) -> None:
    model = make_tiny(tmp_path, dtype="f16").gguf
    before = model.read_bytes()
    with pytest.raises(UserError, match="is the model itself"):
        quantise(identify(model), tmp_path / ".." / tmp_path.name / model.name, "q8_0")
    assert model.read_bytes() == before


def test_models_of_one_name_have_copies_of_their_own(tmp_path: Path) -> None:
    one, other = (make_tiny(tmp_path / str(seed), seed=seed, dtype="f16").gguf for seed in (1, 2))
    with new_library(tmp_path / "library") as library:
        copies = {smaller_copy(library, identify(path), "q8_0") for path in (one, other)}
    assert len(copies) == 2 and {path.name for path in copies} == {"model-Q8_0.gguf"}


def test_a_full_disk_is_told_before(wide: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "MARGIN", 2**60)
    with pytest.raises(UserError, match=r"The copy needs .* on the disk, and"):
        quantise(wide, tmp_path / "new" / "copy.gguf", "q4_k_m")
    assert not (tmp_path / "new").exists()
