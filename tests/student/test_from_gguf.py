"""A GGUF file alone becomes the folder of a student; a damaged or hostile one ends in a sentence."""

import json
import re
import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Quantisation
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.trainable import why_untrainable
from orca_desk.models.gguf_header import read_header
from orca_desk.models.identify import identify
from orca_desk.models.rounding import CONFIG_KEY
from orca_desk.student import gguf_file
from orca_desk.student.base import read_base
from orca_desk.student.convert import write_gguf
from orca_desk.student.from_gguf import read_student, write_folder
from orca_desk.student.gguf_file import Planned
from orca_desk.student.gguf_weights import GgufWeights, unreadable_kinds
from orca_desk.student.safetensors_files import SafetensorsFiles
from orca_desk.student.same_model import find_difference

SHAPE = TinyShape(width=32, heads=2, kv_heads=1, ffn=64, layers=1, context=64)
QUANTISED = [  # what gguf itself can write; the others only llama.cpp can
    Quantisation.Q4_0,
    Quantisation.Q4_1,
    Quantisation.Q5_0,
    Quantisation.Q5_1,
    Quantisation.Q8_0,
]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of some ten thousand weights, as a folder and as F32."""
    return make_tiny(tmp_path_factory.mktemp("small"), "llama", shape=SHAPE)


def rewrite(source: Path, out: Path, *, keys=None, kinds=None, scale=None, without=(), rename=None):
    """Write a copy of a GGUF file with other keys, number formats, values or names."""
    reader = gguf.GGUFReader(source)
    tensors = []
    for tensor in reader.tensors:
        if tensor.name in without:
            continue
        values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.data.shape[0], -1)
        values = values.reshape([int(size) for size in reversed(tensor.shape)]).astype(np.float32)
        values = values * (scale or {}).get(tensor.name, 1.0)
        kind = Quantisation.F32 if values.ndim == 1 else (kinds or tensor.tensor_type)
        name = (rename or {}).get(tensor.name, tensor.name)
        tensors.append(
            Planned(name=name, shape=values.shape, quantisation=kind, load=lambda values=values: values)
        )

    def describe(writer):
        for field in reader.fields.values():
            if field.name.startswith("GGUF.") or field.name in ("general.architecture", *(keys or {})):
                continue
            array = field.types[0] == gguf.GGUFValueType.ARRAY
            writer.add_key_value(
                field.name, field.contents(), field.types[0], field.types[-1] if array else None
            )
        for name, (value, kind) in (keys or {}).items():
            if name != "general.architecture":
                writer.add_key_value(name, value, kind)

    architecture = (keys or {}).get("general.architecture", ("llama", None))[0]
    gguf_file.write(out, architecture, describe, tensors)
    return out


TEXT = gguf.GGUFValueType.STRING
NUMBER = gguf.GGUFValueType.UINT32


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16"])
def test_an_unquantised_file_becomes_the_same_folder(small: TinyModel, tmp_path: Path, dtype: str) -> None:
    write_gguf(small.folder, tmp_path / "model.gguf", dtype=dtype)
    out = tmp_path / "folder"
    counts = []
    write_folder(tmp_path / "model.gguf", out, on_tensor=lambda done, total: counts.append((done, total)))
    weights = SafetensorsFiles(out)
    original = load_file(small.folder / "model.safetensors")
    assert counts == [(done, len(original)) for done in range(1, len(original) + 1)]
    assert weights.keys() == original.keys()
    matrices = {name for name, values in original.items() if values.ndim == 2}
    assert {weights[name].dtype for name in matrices} == {dtype.upper()}
    for name, values in original.items():
        near = {"f32": 0.0, "f16": 2**-11, "bf16": 2**-8}[dtype]
        assert np.allclose(weights[name].load(), values, rtol=near, atol=1e-7 if near else 0.0)
    read_base(out)
    assert find_difference(out, tmp_path / "model.gguf") is None
    before, after = (json.loads((folder / "config.json").read_text()) for folder in (small.folder, out))
    assert {key: after[key] for key in before if key not in ("torch_dtype", "eos_token_id")} == {
        key: value for key, value in before.items() if key not in ("torch_dtype", "eos_token_id")
    }
    assert after["rope_parameters"]["rope_theta"] == after["rope_theta"]


@pytest.mark.parametrize("kind", QUANTISED, ids=lambda kind: kind.name)
def test_a_quantised_file_becomes_what_its_numbers_stand_for(small, tmp_path, kind) -> None:
    file = rewrite(small.gguf, tmp_path / "model.gguf", kinds=kind)
    write_folder(file, tmp_path / "folder")
    weights, stored = SafetensorsFiles(tmp_path / "folder"), GgufWeights.of(file)
    family = read_student(file).family
    for name, tensor in stored.header.tensors.items():
        ours = family.folder_tensor(name, tensor.shape)
        values = family.restore(ours, stored.load(name))
        assert weights[ours].dtype == "F16"
        assert np.allclose(weights[ours].load(), values, rtol=2**-10, atol=1e-7)
    assert find_difference(tmp_path / "folder", file) is None


def test_what_is_made_of_a_rounded_file_goes_on_saying_so(small, tmp_path) -> None:
    file = rewrite(small.gguf, tmp_path / "model.gguf", kinds=Quantisation.Q4_1)
    write_folder(file, tmp_path / "folder")
    write_gguf(tmp_path / "folder", tmp_path / "half.gguf")
    write_folder(tmp_path / "half.gguf", tmp_path / "again")
    eight = rewrite(tmp_path / "half.gguf", tmp_path / "eight.gguf", kinds=Quantisation.Q8_0)
    write_gguf(small.folder, tmp_path / "plain.gguf")
    for name in ("model.gguf", "folder", "half.gguf", "again"):
        assert identify(tmp_path / name).rounded_from == "Q4_1", name
    assert identify(eight).rounded_from == "Q4_1"
    assert identify(small.folder).rounded_from == identify(tmp_path / "plain.gguf").rounded_from == ""
    config = tmp_path / "folder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {CONFIG_KEY: ["<b>Q4</b>"]}))
    assert identify(tmp_path / "folder").rounded_from == ""


def test_all_formats_that_are_common_can_be_read() -> None:
    names = (
        "F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S "
        "IQ1_S IQ1_M IQ4_NL IQ4_XS TQ1_0 TQ2_0 MXFP4"
    )
    header = type("Header", (), {"elements": dict.fromkeys(names.split(), 1)})
    assert unreadable_kinds(header) == []
    assert unreadable_kinds(type("Header", (), {"elements": {"I8": 1, "F16": 2}})) == ["I8"]


def test_what_float16_cannot_hold_becomes_float32(small, tmp_path) -> None:
    scale = {"blk.0.ffn_up.weight": 1e6}
    rounded = rewrite(small.gguf, tmp_path / "q8.gguf", kinds=Quantisation.Q8_0, scale=scale)
    write_folder(rounded, tmp_path / "folder")
    weights = SafetensorsFiles(tmp_path / "folder")
    wide = {name for name, tensor in weights.items() if tensor.dtype == "F32"}
    assert wide == {"model.layers.0.mlp.up_proj.weight"}
    values = load_file(small.folder / "model.safetensors")["model.layers.0.mlp.up_proj.weight"] * 1e6
    assert np.abs(weights["model.layers.0.mlp.up_proj.weight"].load() - values).max() < 2e4


def test_a_large_one_is_written_in_shards(small, tmp_path) -> None:
    write_folder(small.gguf, tmp_path / "folder", shard=40_000)
    assert len(list((tmp_path / "folder").glob("model-*.safetensors"))) > 1
    read_base(tmp_path / "folder")
    assert find_difference(tmp_path / "folder", small.gguf) is None


def test_parts_of_a_file_are_joined(small, tmp_path) -> None:
    names = [tensor.name for tensor in gguf.GGUFReader(small.gguf).tensors]
    parts = {"split.count": (2, gguf.GGUFValueType.UINT16)}
    for number, without in ((1, names[4:]), (2, names[:4])):
        part = tmp_path / f"model-{number:05}-of-00002.gguf"
        rewrite(small.gguf, part, keys=parts, without=without)
    first = tmp_path / "model-00001-of-00002.gguf"
    write_folder(first, tmp_path / "folder")
    assert find_difference(tmp_path / "folder", small.gguf) is None
    renamed = tmp_path / "alone.gguf"
    renamed.write_bytes(first.read_bytes())
    with pytest.raises(UserError, match="one of 2 parts"):
        write_folder(renamed, tmp_path / "another")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"keys": {"general.architecture": ("mamba", None)}}, "cannot train models of the mamba"),
        ({"keys": {"general.type": ("adapter", TEXT)}}, "is not a GGUF model"),
        ({"keys": {"tokenizer.ggml.model": ("rwkv", TEXT)}}, "its tokenizer is of the type rwkv"),
        ({"keys": {"tokenizer.ggml.pre": ("kimi-k2", TEXT)}}, "splits text in the way 'kimi-k2'"),
        ({"without": ("blk.0.ffn_up.weight",)}, "lacks 1 of the model's tensors"),
        ({"rename": {"blk.0.ffn_up.weight": "blk.0.ffn_sideways.weight"}}, "no such tensor"),
        ({"keys": {"llama.attention.head_count": (3, NUMBER)}}, "shape"),
        ({"keys": {"llama.block_count": (2**31 - 1, NUMBER)}}, "claims 2147483647 layers"),
        ({"keys": {"llama.expert_count": (8, NUMBER)}}, "mixture of experts"),
        ({"scale": {"blk.0.ffn_up.weight": np.inf}}, "infinite or not numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_what_cannot_be_trained_is_said_in_a_sentence(small, tmp_path, change, sentence) -> None:
    file = rewrite(small.gguf, tmp_path / "model.gguf", **change)
    with pytest.raises(UserError, match=re.escape(sentence)):
        write_folder(file, tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.gguf"]


def test_a_special_token_beyond_the_vocabulary_is_none(small, tmp_path) -> None:
    names = ("bos", "eos", "padding")
    keys = {f"tokenizer.ggml.{name}_token_id": (2**32 - 1, NUMBER) for name in names}
    write_folder(rewrite(small.gguf, tmp_path / "model.gguf", keys=keys), tmp_path / "folder")
    config = json.loads((tmp_path / "folder" / "config.json").read_text())
    assert config["eos_token_id"] == [0, 2]  # by its name, and by the key for the end of a turn
    assert "bos_token_id" not in config and "pad_token_id" not in config


def test_a_file_without_a_template_or_with_a_bomb_is_refused_before_anything_is_unpacked(small, tmp_path):
    key = "tokenizer.chat_template"
    plain = rewrite(small.gguf, tmp_path / "plain.gguf", keys={key: ("{{ 1 }}", TEXT)})
    assert "drops the user message" in why_untrainable(plain)
    bomb = rewrite(
        small.gguf, tmp_path / "bomb.gguf", keys={key: ("{% for i in range(10**12) %}x{% endfor %}", TEXT)}
    )
    assert why_untrainable(bomb)
    assert why_untrainable(small.gguf) == "" == why_untrainable(small.folder)
    assert why_untrainable(bomb, template=identify(small.gguf).chat_template) == ""


def test_nothing_is_left_where_the_work_ends_early(small, tmp_path) -> None:
    killed = tmp_path / ".folder.4194305.part"  # no process has this number
    killed.mkdir()
    (killed / "old").touch()

    def fail(done: int, total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_folder(small.gguf, tmp_path / "folder", on_tensor=fail)
    assert list(tmp_path.iterdir()) == []


@given(data=st.data())
def test_no_damage_does_more_than_end_in_a_sentence(small, tmp_path_factory, data) -> None:
    """Bytes of the header are changed, removed and repeated; numbers become as large as they can be."""
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(small.gguf.read_bytes())
    header = min(tensor.offset for tensor in read_header(small.gguf).tensors.values())
    for _ in range(data.draw(st.integers(1, 3))):
        if not content:
            break
        at = data.draw(st.integers(0, min(header, len(content)) - 1))
        size = data.draw(st.integers(1, 64))
        huge = st.sampled_from([2**64 - 1, 2**63, 2**40, 2**31, 2**24, 0, 1])
        match data.draw(st.sampled_from(["byte", "number", "cut", "repeat", "end"])):
            case "byte":
                content[at] = data.draw(st.integers(0, 255))
            case "number":
                content[at : at + 8] = struct.pack("<Q", data.draw(huge))
            case "cut":
                del content[at : at + size]
            case "repeat":
                content[at:at] = content[at : at + size]
            case "end":
                del content[at + size :]
    file = folder / "model.gguf"
    file.write_bytes(content)
    why_untrainable(file)
    try:
        write_folder(file, folder / "out")
    except UserError as error:
        assert str(error)
        assert list(folder.iterdir()) == [file]
