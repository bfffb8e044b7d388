"""Finding, or making, the GGUF file that serves a student."""

import json
import math
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from doubles import small_snapshot
from new_library import new_library
from safetensors.numpy import load_file, save_file
from tiny_models import TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.convert import UNPACKING, unpack
from orca_desk.inventory.run_models import find_model
from orca_desk.inventory.student_files import (
    can_be_made,
    converted_gguf,
    is_converted,
    known_student_folder,
    known_student_gguf,
    served_file,
    student_folder,
    student_gguf,
)
from orca_desk.library.trainings import create_training
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.gguf_header import read_header
from orca_desk.models.identify import identify
from orca_desk.processes.progress import JobControl, silent
from orca_desk.student.convert import write_gguf


@pytest.fixture
def library(tmp_path):
    with new_library(tmp_path / "library") as library:
        yield library


@pytest.fixture(scope="module")
def used_library(tmp_path_factory):
    """A library that keeps what was made of one student for the next test of the same one."""
    with new_library(tmp_path_factory.mktemp("used") / "library") as library:
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
def test_a_changed_folder_is_converted_again(used_library, base, change):
    before = find(used_library, base)
    CHANGES[change](base)
    assert not is_converted(used_library, base)
    after = find(used_library, base)
    assert after != before
    assert read_chat_template(after) == read_chat_template(base)


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "another end of text"])
def test_a_file_in_the_folder_that_is_another_model_is_not_used(used_library, base, tiny_qwen, change):
    inside = base / "model-f32.gguf"
    shutil.copy(tiny_qwen.gguf, inside)
    assert find(used_library, base) == inside
    CHANGES[change](base)
    said = []
    made = find(used_library, base, warn=said.append)
    assert made.is_relative_to(used_library.folder)
    assert len(said) == 1 and said[0].startswith(f"model-f32.gguf in {base} is not used: it has ")
    assert known_student_gguf(used_library, base) is None
    with pytest.raises(UserError, match="is not the model in"):
        find(used_library, base, given=inside)


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


def test_a_gguf_file_is_served_as_it_is_where_it_is_not_rounded(library, tiny_qwen, tmp_path):
    alone = tmp_path / "alone.gguf"
    shutil.copy(tiny_qwen.gguf, alone)
    assert known_student_folder(library, alone) is None
    assert find(library, alone) == alone
    folder = student_folder(library, alone, progress=silent, control=JobControl())
    assert folder == known_student_folder(library, alone)
    assert folder.is_relative_to(library.folder / "cache") and folder.name == "alone"
    ours, theirs = load_file(folder / "model.safetensors"), load_file(tiny_qwen.folder / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_a_rounded_gguf_file_is_served_by_one_that_is_made_of_its_folder(library, base, tmp_path):
    rounded = tmp_path / "rounded.gguf"
    write_gguf(base, rounded, dtype="q8_0")
    made = find(library, rounded)
    assert identify(made).quantisation == "F16" and made == converted_gguf(library, rounded)
    assert known_student_gguf(library, rounded) is None and is_converted(library, rounded)
    with pytest.raises(UserError, match="is not the model in"):
        find(library, rounded, given=base_of_another(tmp_path))


def test_a_file_of_the_cache_that_is_gone_is_made_again(library, base, tmp_path):
    rounded = tmp_path / "rounded.gguf"
    write_gguf(base, rounded, dtype="q8_0")
    made = find(library, rounded)
    create_training(library, base=rounded, snapshot=small_snapshot(library), settings={})
    content = made.read_bytes()
    shutil.rmtree(library.folder / "cache")
    assert can_be_made(library, made) and find_model(library, made, None) == made
    assert served_file(library, made) == made
    assert made.read_bytes() == content
    assert served_file(library, rounded) == rounded


def test_a_stop_leaves_no_half_of_a_folder(library, tiny_qwen, tmp_path):
    alone, control = tmp_path / "alone.gguf", JobControl()
    write_gguf(tiny_qwen.folder, alone, dtype="q8_0")

    def stop_soon(update):
        if update.stage == UNPACKING and update.done >= 3:
            control.stop()

    assert student_folder(library, alone, progress=stop_soon, control=control) is None
    left = [path for path in (library.folder / "cache").rglob("*") if path.is_file()]
    # The worker may have been faster than the stop: then the folder is whole
    assert left == [] or known_student_folder(library, alone) == left[0].parent
    assert not [path for path in left if ".part" in str(path.relative_to(library.folder))]


def test_what_cannot_be_trained_is_refused_before_it_is_read(library, tiny_qwen, tmp_path):
    unknown = tmp_path / "unknown.gguf"
    content = tiny_qwen.gguf.read_bytes().replace(b"general.architecture\x08", b"general.architecturE\x08", 1)
    unknown.write_bytes(content)
    stages = []
    with pytest.raises(UserError, match="not a language model"):
        student_folder(
            library, unknown, progress=lambda update: stages.append(update.stage), control=JobControl()
        )
    assert stages == []


def test_a_damaged_file_ends_in_a_sentence_of_the_worker(library, tiny_qwen, tmp_path):
    place = read_header(tiny_qwen.gguf).tensors["blk.1.ffn_up.weight"].offset
    content = bytearray(tiny_qwen.gguf.read_bytes())
    content[place : place + 4] = struct.pack("<f", math.nan)
    (tmp_path / "damaged.gguf").write_bytes(content)
    with pytest.raises(UserError, match=r"blk\.1\.ffn_up\.weight .* infinite or not numbers"):
        find(library, tmp_path / "damaged.gguf")


def test_a_tensor_larger_than_the_memory_is_refused_and_not_tried(library, tiny_qwen, tmp_path):
    """The file takes no room on the disk: it is one hole."""
    huge, header = tmp_path / "huge.gguf", read_header(tiny_qwen.gguf)
    content = bytearray(tiny_qwen.gguf.read_bytes())
    rows = struct.pack("<Q", 512)  # of the embedding, in the list of tensors
    at = content.index(b"token_embd.weight") + len("token_embd.weight") + 4 + 8
    assert content[at : at + 8] == rows
    content[at : at + 8] = struct.pack("<Q", 2**32)
    assert header.tensors["token_embd.weight"].shape == (512, 64)
    huge.write_bytes(content)
    with huge.open("rb+") as file:
        file.truncate(2**41)
    with pytest.raises(UserError, match=r"takes .* of memory at once"):
        unpack(huge, tmp_path / "folder")


def base_of_another(tmp_path):
    return make_tiny(tmp_path / "another", "qwen2", seed=3).gguf


def test_what_is_missing_is_named(library, tiny_qwen, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        find(library, tmp_path / "none")
    with pytest.raises(UserError, match="is not a file"):
        find(library, tiny_qwen.folder, given=tmp_path / "none.gguf")
