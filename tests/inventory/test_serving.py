"""What is told before a model answers; an adapter is not served on another model."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from chat_templates import GEMMA
from safetensors.numpy import load_file, save_file
from tiny_adapters import make_adapter
from tiny_models import CHATML, TinyModel, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.serving import ServingNotes, serving_notes
from orca_desk.models.base_identity import identify_base
from orca_desk.student.checkpoints import publish_adapter
from orca_desk.student.convert import write_gguf
from orca_desk.student.export import export_adapter
from orca_desk.teacher.engine import Engine
from orca_desk.ui.words.models import notes_of


@pytest.fixture(scope="module")
def adapter(tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that names its base, as a training writes it."""
    folder = Path(tmp_path_factory.mktemp("named"))
    made = make_adapter(folder / "made", tiny_llama.folder)
    publish_adapter(made, folder / "adapter", identify_base(tiny_llama.folder, "abc"))
    export_adapter(folder / "adapter", tiny_llama.folder, folder / "adapter.gguf")
    return folder / "adapter.gguf"


@pytest.fixture(scope="module")
def unnamed(tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of another program."""
    folder = Path(tmp_path_factory.mktemp("unnamed"))
    export_adapter(make_adapter(folder / "made", tiny_llama.folder), tiny_llama.folder, folder / "a.gguf")
    return folder / "a.gguf"


def changed(tiny: TinyModel, folder: Path, noise: float) -> Path:
    """Return a GGUF file of the model with so much noise added to its matrices."""
    shutil.copytree(tiny.folder, folder, ignore=shutil.ignore_patterns("*.gguf"))
    random = np.random.default_rng(1)
    tensors = load_file(folder / "model.safetensors")
    for name, tensor in tensors.items():
        if tensor.ndim == 2:
            drawn = random.standard_normal(tensor.shape).astype(np.float32)
            tensors[name] = tensor + np.float32(noise * tensor.std()) * drawn
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    write_gguf(folder, folder / "model.gguf")
    return folder / "model.gguf"


def test_a_model_is_no_adapter(tiny_llama: TinyModel) -> None:
    assert serving_notes(tiny_llama.gguf, tiny_llama.gguf).adapter is None  # the run says what is wrong
    with pytest.raises(UserError, match="holds a model, not an adapter"):
        Engine(tiny_llama.gguf, adapter=tiny_llama.gguf)


def test_an_adapter_of_another_model_is_refused(tiny_llama: TinyModel, adapter: Path, tmp_path: Path) -> None:
    other = changed(tiny_llama, tmp_path / "other", noise=3.0)
    assert serving_notes(other, adapter) == ServingNotes(adapter="other")
    with pytest.raises(UserError, match=r"was trained on .*, and model\.gguf holds other weights"):
        Engine(other, adapter=adapter)


def test_a_base_that_was_trained_further_is_told(
    tiny_llama: TinyModel, adapter: Path, tmp_path: Path
) -> None:
    further = changed(tiny_llama, tmp_path / "further", noise=0.05)
    notes = serving_notes(further, adapter)
    assert notes == ServingNotes(adapter="related")
    assert "was changed after this adapter was trained" in notes_of(notes)[0]
    with Engine(further, adapter=adapter, batch=1):
        pass


def test_a_template_that_changed_since_the_training_is_told(
    tiny_llama: TinyModel, adapter: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_llama.folder, tmp_path / "edited", ignore=shutil.ignore_patterns("*.gguf"))
    (tmp_path / "edited" / "chat_template.jinja").write_text(CHATML.replace("assistant", "helper"))
    write_gguf(tmp_path / "edited", tmp_path / "edited.gguf")
    notes = serving_notes(tmp_path / "edited.gguf", adapter)
    assert notes == ServingNotes(adapter="template")
    assert "chat template was changed after" in notes_of(notes)[0]


def test_its_own_base_needs_no_word(tiny_llama: TinyModel, adapter: Path) -> None:
    assert serving_notes(tiny_llama.gguf, adapter) == ServingNotes()


def test_an_adapter_that_names_no_base_is_told(tiny_llama: TinyModel, unnamed: Path) -> None:
    notes = serving_notes(tiny_llama.gguf, unnamed)
    assert notes == ServingNotes(adapter="unknown")
    assert "doesn't say which model it was trained on" in notes_of(notes)[0]
    with Engine(tiny_llama.gguf, adapter=unnamed, batch=1):
        pass


def test_what_a_template_does_is_told(tmp_path: Path) -> None:
    dated = make_tiny(tmp_path, template="{{ strftime_now('%Y') }}" + CHATML)
    assert serving_notes(dated.gguf) == serving_notes(dated.folder)
    assert "It always gets 26 July 2024" in notes_of(serving_notes(dated.gguf))[0]
    gemma = make_tiny(tmp_path / "gemma", template=GEMMA)
    assert serving_notes(gemma.gguf) == ServingNotes(template=("system_in_user",))


def test_a_file_that_is_gone_gives_no_notes(tmp_path: Path, adapter: Path) -> None:
    assert serving_notes(tmp_path / "gone.gguf", adapter) == ServingNotes()
