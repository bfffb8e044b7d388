"""What a GGUF file has of its own, beside all that the folder has: llama.cpp would use it."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.student import gguf_file
from orca_desk.student.convert import write_gguf
from orca_desk.student.gguf_file import Planned
from orca_desk.student.gguf_reading import open_gguf
from orca_desk.student.same_model import find_difference

Keys = gguf.Keys.Tokenizer
NORMAL, CONTROL = int(gguf.TokenType.NORMAL), gguf.TokenType.CONTROL
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


@pytest.fixture
def folder(tmp_path: Path, tiny_llama: TinyModel) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(tiny_llama.folder, copy, ignore=shutil.ignore_patterns("*.gguf"))
    return copy


def configure(folder: Path, **settings: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def tie(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["lm_head.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    configure(folder, tie_word_embeddings=True)


def made(
    folder: Path,
    *,
    keys: Mapping[str, Callable[[gguf.GGUFWriter], None]] | None = None,
    tensors: Mapping[str, Any] | None = None,
) -> Path:
    """Convert the folder, with some keys and tensors replaced or added."""
    plain, out, changed = folder.parent / "plain.gguf", folder.parent / "out.gguf", tensors or {}
    write_gguf(folder, plain, dtype="f32")
    reader = open_gguf(plain)
    own = {"general.architecture", *(key for key in reader.fields if key.startswith("GGUF.")), *(keys or {})}

    def describe(writer: gguf.GGUFWriter) -> None:
        for key, found in reader.fields.items():
            if key not in own:
                kind = found.types[0]
                members = found.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
                writer.add_key_value(key, found.contents(), kind, members)
        for add in (keys or {}).values():
            add(writer)

    stored = {t.name: gguf.dequantize(t.data, t.tensor_type) for t in reader.tensors} | dict(changed)
    plan = [
        Planned(
            name=name,
            shape=values.shape,
            quantisation=gguf.GGMLQuantizationType.F32,
            load=lambda values=values: values,
        )
        for name, values in stored.items()
    ]
    gguf_file.write(out, "llama", describe, plan)
    return out


def types_without_control(folder: Path) -> list[int]:
    write_gguf(folder, folder.parent / "types.gguf")
    types = open_gguf(folder.parent / "types.gguf").fields[Keys.TOKEN_TYPE].contents()
    return [NORMAL if kind == CONTROL else kind for kind in types]


def test_a_copy_is_the_same(folder: Path) -> None:
    assert find_difference(folder, made(folder)) is None
    tie(folder)
    assert find_difference(folder, made(folder)) is None
    embedding = load_file(folder / "model.safetensors")["model.embed_tokens.weight"]
    assert find_difference(folder, made(folder, tensors={"output.weight": embedding})) is None
    configure(folder, rope_scaling=LLAMA3)
    assert find_difference(folder, made(folder)) is None
    configure(folder, rope_scaling={"type": "linear", "factor": 2.0})
    assert find_difference(folder, made(folder)) is None


@pytest.mark.parametrize("name", ["output.weight", "blk.0.attn_q.bias", "blk.1.ffn_up.bias"])
def test_a_tensor_that_the_folder_lacks(folder: Path, name: str) -> None:
    tie(folder)
    shape = {"output.weight": (512, 64), "blk.0.attn_q.bias": (64,), "blk.1.ffn_up.bias": (128,)}[name]
    found = find_difference(folder, made(folder, tensors={name: np.ones(shape, np.float32)}))
    assert found is not None and (found.kind, found.detail) == ("weights", name)


def test_positions_that_are_scaled_in_one_of_the_two(folder: Path) -> None:
    linear = {
        "llama.rope.scaling.type": lambda w: w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR),
        "llama.rope.scaling.factor": lambda w: w.add_rope_scaling_factor(4.0),
    }
    yarn = linear | {"llama.rope.scaling.type": lambda w: w.add_rope_scaling_type(gguf.RopeScalingType.YARN)}
    for keys in (linear, yarn):
        found = find_difference(folder, made(folder, keys=keys))
        assert found is not None and found.detail == "llama.rope.scaling.factor"
    configure(folder, rope_scaling=LLAMA3)
    factors = np.linspace(1, 30, 8, dtype=np.float32)
    found = find_difference(folder, made(folder, tensors={"rope_freqs.weight": factors}))
    assert found is not None and found.detail == "rope_freqs.weight"


@pytest.mark.parametrize("key", [Keys.PRE, Keys.EOS_ID, Keys.ADD_BOS, Keys.TOKEN_TYPE])
def test_a_tokenizer_of_the_same_words_that_reads_or_ends_otherwise(folder: Path, key: str) -> None:
    types = types_without_control(folder)
    add: dict[str, Callable[[gguf.GGUFWriter], None]] = {
        Keys.PRE: lambda w: w.add_tokenizer_pre("tekken"),
        Keys.EOS_ID: lambda w: w.add_eos_token_id(77),
        Keys.ADD_BOS: lambda w: w.add_add_bos_token(True),
        Keys.TOKEN_TYPE: lambda w: w.add_token_types(types),
    }
    found = find_difference(folder, made(folder, keys={key: add[key]}))
    assert found is not None and (found.kind, found.detail) == ("tokenizer", key)


def test_a_folder_that_disagrees_with_itself_is_refused(folder: Path) -> None:
    file = made(folder)
    configure(folder, vocab_size=2**40)
    with pytest.raises(UserError, match="rows for 512 tokens"):
        find_difference(folder, file)
