"""Finding, or making, the GGUF file that serves a student."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_models import TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.student_files import known_student_gguf, student_gguf
from orca_desk.library.database import Library
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.identify import identify
from orca_desk.processes.progress import JobControl, silent
from orca_desk.student.convert import write_gguf


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def base(tiny_qwen, tmp_path):
    """A copy of a student's folder that a test may change; without a GGUF file."""
    ignored = shutil.ignore_patterns("*.gguf")
    return Path(shutil.copytree(tiny_qwen.folder, tmp_path / "student", ignore=ignored))


def find(library, base, **options):
    return student_gguf(library, base, progress=silent, control=JobControl(), **options)


def edit(path, **settings):
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def change_weights(base, scale=-1.0):
    tensors = load_file(base / "model.safetensors")
    changed = {name: value * np.float32(scale if value.ndim == 2 else 1) for name, value in tensors.items()}
    save_file(changed, base / "model.safetensors", metadata={"format": "pt"})


def change_one_value(base):
    tensors = load_file(base / "model.safetensors")
    tensors["model.layers.1.self_attn.q_proj.weight"][5, 7] += 0.5
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})


CHANGES = {
    "other weights": change_weights,
    "weights trained a little further": lambda base: change_weights(base, 1.05),
    "one other value": change_one_value,
    "an edited template": lambda base: edit(base / "tokenizer_config.json", chat_template="{{ 1 }}"),
    "a template in a file of its own": lambda base: (base / "chat_template.jinja").write_text("{{ 2 }}"),
    "another rotary base": lambda base: edit(base / "config.json", rope_theta=500000.0),
    "another epsilon": lambda base: edit(base / "config.json", rms_norm_eps=1e-2),
    "another end of text": lambda base: edit(base / "tokenizer_config.json", eos_token="<|endoftext|>"),
}


def test_the_file_in_the_folder_or_the_given_one_is_used(library, tiny_qwen, tmp_path):
    assert find(library, tiny_qwen.folder) == tiny_qwen.gguf
    given = tmp_path / "given.gguf"
    shutil.copy(tiny_qwen.gguf, given)
    assert find(library, tiny_qwen.folder, given=given) == given
    assert known_student_gguf(library, tiny_qwen.folder) == tiny_qwen.gguf


def test_without_one_it_is_made_once(library, base):
    made = find(library, base)
    assert made.is_relative_to(library.folder)
    assert identify(made).quantisation == "F16"
    before = made.stat().st_mtime_ns
    (made.parent / f".{made.name}.killed.part").touch()
    assert find(library, base) == made
    assert made.stat().st_mtime_ns == before
    made.unlink()
    assert find(library, base) == made
    assert list(made.parent.iterdir()) == [made]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_folder_is_converted_again(library, base, change):
    before = find(library, base)
    CHANGES[change](base)
    after = find(library, base)
    assert after != before
    assert read_chat_template(after) == read_chat_template(base)


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "another end of text"])
def test_a_file_in_the_folder_that_is_another_model_is_not_used(library, base, tiny_qwen, change):
    inside = base / "model-f32.gguf"
    shutil.copy(tiny_qwen.gguf, inside)
    assert find(library, base) == inside
    CHANGES[change](base)
    said = []
    made = find(library, base, warn=said.append)
    assert made.is_relative_to(library.folder)
    assert len(said) == 1 and said[0].startswith(f"model-f32.gguf in {base} is not used: it has ")
    assert known_student_gguf(library, base) is None
    with pytest.raises(UserError, match="is not the model in"):
        find(library, base, given=inside)


@pytest.mark.parametrize("dtype", ["f16", "bf16", "q8_0"])
def test_the_same_model_in_another_precision_is_used(library, base, dtype):
    write_gguf(base, base / "other.gguf", dtype=dtype)
    assert find(library, base) == base / "other.gguf"


def test_the_unquantised_one_of_several_and_no_other_kind_of_file(library, base):
    write_gguf(base, base / "a-q8.gguf", dtype="q8_0")
    write_gguf(base, base / "b-f16.gguf", dtype="f16")
    (base / "0-broken.gguf").write_bytes(b"GGUF")
    assert find(library, base) == base / "b-f16.gguf"


def test_a_larger_models_file_is_told_apart(library, base, tmp_path):
    larger = make_tiny(tmp_path / "larger", "qwen2", shape=TinyShape(layers=3))
    shutil.copy(larger.gguf, base / "model.gguf")
    said = []
    assert find(library, base, warn=said.append).is_relative_to(library.folder)
    assert "other settings (qwen2.block_count)" in said[0]


def test_what_is_missing_is_named(library, tiny_qwen, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        find(library, tmp_path / "none")
    with pytest.raises(UserError, match="is not a file"):
        find(library, tiny_qwen.folder, given=tmp_path / "none.gguf")
