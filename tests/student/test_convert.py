import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from file_limits import limited_file_size
from safetensors.numpy import load_file, save_file
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.errors import UserError, explain_os_error
from orca_desk.student.convert import write_gguf
from orca_desk.student.gguf_reading import field, open_gguf

Tensors = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path, tiny_llama: TinyModel) -> Path:
    """A copy of the llama model's folder that a test may damage."""
    copy = tmp_path / "model"
    shutil.copytree(tiny_llama.folder, copy)
    (copy / "model.gguf").unlink()
    return copy


def change(path: Path, **settings: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def change_weights(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def change_tokenizer(folder: Path, part: str, **settings: Any) -> None:
    path = folder / "tokenizer.json"
    content = json.loads(path.read_text())
    content[part] = settings if content.get(part) is None else content[part] | settings
    path.write_text(json.dumps(content))


def types_of(path: Path) -> dict[str, gguf.GGMLQuantizationType]:
    return {tensor.name: tensor.tensor_type for tensor in open_gguf(path).tensors}


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "q8_0"])
def test_matrices_are_stored_as_asked_and_vectors_as_float32(
    folder: Path, tmp_path: Path, dtype: str
) -> None:
    out = tmp_path / "out.gguf"
    write_gguf(folder, out, dtype=dtype)
    types = types_of(out)
    assert types["blk.0.ffn_up.weight"].name == types["token_embd.weight"].name == dtype.upper()
    assert types["blk.0.attn_norm.weight"] == types["output_norm.weight"] == gguf.GGMLQuantizationType.F32


def test_rows_that_blocks_do_not_fit_stay_float16(tmp_path: Path) -> None:
    model = make_tiny(tmp_path / "odd", "qwen2", shape=TinyShape(width=48, ffn=80), dtype="q8_0")
    assert types_of(model.gguf)["blk.0.ffn_up.weight"] == gguf.GGMLQuantizationType.F16


def test_values_are_those_of_the_folder(folder: Path, tmp_path: Path) -> None:
    write_gguf(folder, tmp_path / "out.gguf", dtype="f32")
    weights = load_file(folder / "model.safetensors")
    tensors = {tensor.name: tensor.data for tensor in open_gguf(tmp_path / "out.gguf").tensors}
    np.testing.assert_array_equal(tensors["token_embd.weight"], weights["model.embed_tokens.weight"])
    np.testing.assert_array_equal(
        tensors["blk.1.ffn_down.weight"], weights["model.layers.1.mlp.down_proj.weight"]
    )


def test_same_folder_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("one.gguf", "two.gguf"):
        write_gguf(folder, tmp_path / name)
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "two.gguf").read_bytes()


def test_a_tied_head_is_left_out(folder: Path, tmp_path: Path) -> None:
    change(folder / "config.json", tie_word_embeddings=True)
    change_weights(folder, lambda t: t | {"lm_head.weight": t["model.embed_tokens.weight"]})
    write_gguf(folder, tmp_path / "out.gguf")
    assert "output.weight" not in types_of(tmp_path / "out.gguf")


def test_token_types_and_unused_rows(folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "tokenizer.json").read_text())
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    free = next(number for number in range(vocabulary) if number not in content["model"]["vocab"].values())
    content["added_tokens"] = [
        {"id": 2, "content": "<|im_end|>", "special": True} | added,
        {"id": free, "content": "<tool>", "special": False} | added,
    ]
    (folder / "tokenizer.json").write_text(json.dumps(content))
    write_gguf(folder, tmp_path / "out.gguf")
    reader = open_gguf(tmp_path / "out.gguf")
    tokens = field(reader, gguf.Keys.Tokenizer.LIST)
    types = [gguf.TokenType(number) for number in field(reader, gguf.Keys.Tokenizer.TOKEN_TYPE)]
    assert len(tokens) == len(types) == vocabulary
    assert (tokens[2], types[2]) == ("<|im_end|>", gguf.TokenType.CONTROL)
    assert (tokens[free], types[free]) == ("<tool>", gguf.TokenType.USER_DEFINED)
    assert types[-1] == gguf.TokenType.UNUSED
    assert types[100] == gguf.TokenType.NORMAL


def test_several_end_tokens(folder: Path, tmp_path: Path) -> None:
    """As in Llama 3: the text's end, the turn's end (in the template) and one more."""
    change(folder / "tokenizer_config.json", eos_token="<|endoftext|>")
    change(folder / "config.json", eos_token_id=[0, 2])
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 2, 300]}))
    write_gguf(folder, tmp_path / "out.gguf")
    reader = open_gguf(tmp_path / "out.gguf")
    keys = gguf.Keys.Tokenizer
    assert [field(reader, key) for key in (keys.EOS_ID, keys.EOT_ID, keys.EOM_ID)] == [0, 2, 300]


def test_ids_that_stand_for_no_token_are_left_out(folder: Path, tmp_path: Path) -> None:
    """Early Llama models have -1 for the padding that they lack."""
    change(folder / "tokenizer_config.json", pad_token=None)
    change(folder / "config.json", pad_token_id=-1, bos_token_id=2**40, eos_token_id=[2, -1])
    write_gguf(folder, tmp_path / "out.gguf")
    fields = open_gguf(tmp_path / "out.gguf").fields
    assert not {gguf.Keys.Tokenizer.PAD_ID, gguf.Keys.Tokenizer.EOM_ID} & fields.keys()


@pytest.mark.parametrize("where", ["chat_template.jinja", "list"])
def test_template_of_its_own_file_or_of_a_list(folder: Path, tmp_path: Path, where: str) -> None:
    if where == "list":
        templates = [{"name": "tools", "template": "no"}, {"name": "default", "template": "yes"}]
        change(folder / "tokenizer_config.json", chat_template=templates)
    else:
        (folder / where).write_text("yes")
    write_gguf(folder, tmp_path / "out.gguf")
    assert field(open_gguf(tmp_path / "out.gguf"), gguf.Keys.Tokenizer.CHAT_TEMPLATE) == "yes"


@pytest.mark.parametrize(
    ("configured", "processed"), [(True, False), (False, True), (None, True), (None, False)]
)
def test_start_token(folder: Path, tmp_path: Path, configured: bool | None, processed: bool) -> None:
    if processed:
        first = {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}
        single = [first, {"Sequence": {"id": "A", "type_id": 0}}]
        change_tokenizer(folder, "post_processor", type="TemplateProcessing", single=single)
    if configured is not None:
        change(folder / "tokenizer_config.json", add_bos_token=configured)
    write_gguf(folder, tmp_path / "out.gguf")
    expected = processed if configured is None else configured
    assert field(open_gguf(tmp_path / "out.gguf"), gguf.Keys.Tokenizer.ADD_BOS) is expected


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model_type": "falcon"}, "qwen2, qwen3"),
        ({"num_attention_heads": None}, "num_attention_heads"),
        ({"quantization_config": {"quant_method": "awq"}}, "quantised"),
        ({"sliding_window": 512}, "sliding window"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"partial_rotary_factor": 0.5}, "part of each head"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "dynamic"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 16}}, "yarn"),
        ({"num_hidden_layers": 3}, "have 2 layers; config.json says 3"),
        ({"vocab_size": 300}, "rows for 512 tokens"),
    ],
)
def test_what_would_run_differently_is_refused(
    folder: Path, tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    change(folder / "config.json", **settings)
    with pytest.raises(UserError) as error:
        write_gguf(folder, tmp_path / "out.gguf")
    assert says in str(error.value)
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.parametrize(
    ("part", "settings", "says"),
    [
        ("model", {"byte_fallback": True}, "has the step Digits"),
        ("model", {"type": "Unigram"}, "of the type Unigram, not BPE"),
        ("model", {"ignore_merges": True}, "no pre-tokenizer"),
        ("normalizer", {"type": "Lowercase"}, "has the step Lowercase"),
        ("pre_tokenizer", {"type": "ByteLevel", "add_prefix_space": True}, "no pre-tokenizer"),
        ("pre_tokenizer", {"type": "Whitespace"}, "no pre-tokenizer"),
    ],
)
def test_tokenizers_that_llama_cpp_lacks_are_refused(
    folder: Path, tmp_path: Path, part: str, settings: dict[str, Any], says: str
) -> None:
    change_tokenizer(folder, part, **settings)
    with pytest.raises(UserError, match=says):
        write_gguf(folder, tmp_path / "out.gguf")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_missing_and_damaged_files_are_named(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).write_text("{")
    with pytest.raises(UserError, match=name):
        write_gguf(folder, tmp_path / "out.gguf")
    (folder / name).unlink()
    with pytest.raises(UserError, match=name):
        write_gguf(folder, tmp_path / "out.gguf")


@pytest.mark.parametrize("length", [0, 7, 8, 100, -100])
def test_a_cut_weight_file_is_refused(folder: Path, tmp_path: Path, length: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match="not a usable safetensors file"):
        write_gguf(folder, tmp_path / "out.gguf")


def test_a_failure_half_way_leaves_the_old_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gguf"
    out.write_bytes(b"old")
    weights = load_file(folder / "model.safetensors")
    name = "model.layers.1.mlp.down_proj.weight"
    save_file(weights | {name: weights[name].astype(np.int8)}, folder / "model.safetensors")
    with pytest.raises(UserError, match="I8 tensors"):
        write_gguf(folder, out)
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.gguf"]


def test_a_full_disk_is_told_before_anything_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match="The file needs"):
        write_gguf(folder, tmp_path / "out.gguf")


def test_a_shard_index_cannot_point_outside_its_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").rename(tmp_path / "elsewhere.safetensors")
    index = {"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="does not name files of its folder"):
        write_gguf(folder, tmp_path / "out.gguf")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("config.json", {"num_hidden_layers": 10**9}),
        ("config.json", {"num_attention_heads": -4}),
        ("config.json", {"num_attention_heads": 3}),
        ("config.json", {"rms_norm_eps": "small"}),
        ("config.json", {"rms_norm_eps": 1e308}),
        ("config.json", {"rope_parameters": {"rope_type": "linear"}}),
        ("config.json", {"rope_parameters": {"rope_type": "llama3"}}),
        ("config.json", {"vocab_size": "many"}),
        ("tokenizer.json", {"model": {"type": "BPE"}}),
        ("tokenizer.json", {"added_tokens": [5]}),
        ("tokenizer.json", {"added_tokens": [{"id": 1, "content": None}]}),
        ("tokenizer_config.json", {"chat_template": 5}),
        ("tokenizer_config.json", {"eos_token": ["a"]}),
    ],
)
def test_odd_content_is_told_as_damage(
    folder: Path, tmp_path: Path, name: str, settings: dict[str, Any]
) -> None:
    change(folder / name, **settings)
    with pytest.raises(UserError):
        write_gguf(folder, tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.skipif(os.name != "posix", reason="the limit stands for a file system's")
def test_a_file_too_large_for_its_disk_is_named_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gguf"
    with limited_file_size(100_000), pytest.raises(OSError) as caught:
        write_gguf(folder, out)
    told = explain_os_error(caught.value)
    assert told is not None and told.message == f"The disk cannot hold a file as large as {out}."
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_value_beyond_half_precision_is_kept_wider(folder: Path, tmp_path: Path) -> None:
    name = "model.layers.0.mlp.down_proj.weight"

    def enlarge(tensors: Tensors) -> Tensors:
        tensors[name][0, 0] = 1e5  # float16 ends at 65,504
        return tensors

    change_weights(folder, enlarge)
    write_gguf(folder, tmp_path / "out.gguf", dtype="f16")
    stored = {tensor.name: tensor for tensor in open_gguf(tmp_path / "out.gguf").tensors}
    assert stored["blk.0.ffn_down.weight"].tensor_type == gguf.GGMLQuantizationType.F32
    assert stored["blk.0.ffn_down.weight"].data[0, 0] == 1e5
    assert stored["blk.0.ffn_up.weight"].tensor_type == gguf.GGMLQuantizationType.F16
