import json
import random
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_adapters import make_adapter
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.models.base_identity import KEY, identify_base
from orca_desk.student.convert import write_gguf
from orca_desk.student.export import export_adapter
from orca_desk.student.gguf_reading import field, open_gguf
from orca_desk.student.lora import read_lora


@pytest.fixture
def adapter(tmp_path: Path, tiny_qwen: TinyModel) -> Path:
    """A random adapter for the qwen model, whose rows keep their order in GGUF."""
    return make_adapter(tmp_path / "adapter", tiny_qwen.folder)


def change(adapter: Path, **settings: Any) -> None:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def tensors_of(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.data for tensor in open_gguf(path).tensors}


def test_lora_file_holds_what_llama_cpp_asks_for(adapter: Path, tiny_qwen: TinyModel, tmp_path: Path) -> None:
    out = tmp_path / "lora.gguf"
    export_adapter(adapter, tiny_qwen.folder, out)
    reader = open_gguf(out)
    assert field(reader, gguf.Keys.General.TYPE) == "adapter"
    assert field(reader, gguf.Keys.Adapter.TYPE) == "lora"
    assert field(reader, gguf.Keys.General.ARCHITECTURE) == "qwen2"
    assert field(reader, gguf.Keys.Adapter.LORA_ALPHA) == pytest.approx(8)
    theirs = load_file(adapter / "adapter_model.safetensors")
    ours = tensors_of(out)
    assert len(ours) == len(theirs)
    module = "base_model.model.model.layers.1.mlp.down_proj"
    np.testing.assert_array_equal(ours["blk.1.ffn_down.weight.lora_a"], theirs[f"{module}.lora_A.weight"])
    np.testing.assert_array_equal(ours["blk.1.ffn_down.weight.lora_b"], theirs[f"{module}.lora_B.weight"])


def test_base_may_be_folder_or_file(adapter: Path, tiny_qwen: TinyModel, tmp_path: Path) -> None:
    export_adapter(adapter, tiny_qwen.folder, tmp_path / "one.gguf")
    export_adapter(adapter, tiny_qwen.gguf, tmp_path / "two.gguf")
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "two.gguf").read_bytes()


def test_rslora_is_told_by_alpha(adapter: Path, tiny_qwen: TinyModel, tmp_path: Path) -> None:
    change(adapter, use_rslora=True, lora_alpha=3)
    export_adapter(adapter, tiny_qwen.folder, tmp_path / "lora.gguf")
    # llama.cpp divides by the rank, 4: 3 * sqrt(4) / 4 = 3 / sqrt(4).
    assert field(open_gguf(tmp_path / "lora.gguf"), gguf.Keys.Adapter.LORA_ALPHA) == pytest.approx(6)


def test_alpha_patterns_match_the_ends_of_names(adapter: Path) -> None:
    change(adapter, lora_alpha=4, alpha_pattern={"v_proj": 8, "layers.1.mlp.up_proj": 2, "proj": 99})
    scales = {low_rank.module: low_rank.scale for low_rank in read_lora(adapter)}
    assert scales["model.layers.0.self_attn.v_proj"] == 2.0
    assert scales["model.layers.1.mlp.up_proj"] == 0.5
    assert scales["model.layers.0.mlp.up_proj"] == scales["model.layers.0.self_attn.q_proj"] == 1.0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"peft_type": "IA3"}, "IA3"),
        ({"use_dora": True}, "DoRA"),
        ({"bias": "lora_only"}, "biases"),
        ({"lora_bias": True}, "biases"),
        ({"modules_to_save": ["lm_head"]}, "whole layers"),
        ({"trainable_token_indices": [5]}, "trained tokens"),
        ({"fan_in_fan_out": True}, "transposed"),
        ({"layer_replication": [[0, 2]]}, "repeats layers"),
        ({"alora_invocation_tokens": [5]}, "aLoRA"),
        ({"init_lora_weights": "pissa_niter_16"}, "moves the base"),
        ({"init_lora_weights": "olora"}, "moves the base"),
        ({"lora_alpha": None}, "not a LoRA adapter"),
    ],
)
def test_more_than_a_plain_lora_is_refused(
    adapter: Path, tiny_qwen: TinyModel, tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    change(adapter, **settings)
    with pytest.raises(UserError) as beside:
        export_adapter(adapter, tiny_qwen.gguf, tmp_path / "out")
    with pytest.raises(UserError) as merged:
        write_gguf(tiny_qwen.folder, tmp_path / "out", adapter=adapter)
    assert says in str(beside.value)
    assert says in str(merged.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "key",
    [
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.model.embed_tokens.lora_embedding_A",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
        "base_model.model.model.layers.0.input_layernorm.weight",
    ],
)
def test_tensors_that_have_no_place_are_refused(adapter: Path, key: str) -> None:
    path = adapter / "adapter_model.safetensors"
    save_file(load_file(path) | {key: np.ones((4, 64), np.float32)}, path)
    with pytest.raises(UserError, match="plain LoRA"):
        read_lora(adapter)


def test_half_a_pair_is_refused(adapter: Path) -> None:
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    tensors.popitem()
    save_file(tensors, path)
    with pytest.raises(UserError, match="damaged at"):
        read_lora(adapter)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_missing_files_are_named(adapter: Path, name: str) -> None:
    (adapter / name).unlink()
    with pytest.raises(UserError, match=name):
        read_lora(adapter)


def test_an_adapter_of_another_model_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = make_tiny(tmp_path / "other", "qwen2", shape=TinyShape(width=32))
    shallow = make_tiny(tmp_path / "shallow", "qwen2", shape=TinyShape(layers=1))
    for base in (other.folder, other.gguf):
        with pytest.raises(UserError, match="does not fit this base model"):
            export_adapter(adapter, base, tmp_path / "out")
    with pytest.raises(UserError, match=r"layers\.1"):
        write_gguf(shallow.folder, tmp_path / "out", adapter=adapter)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16"])
def test_merged_weights_are_the_sum_rounded_once(
    adapter: Path, tiny_qwen: TinyModel, tmp_path: Path, dtype: str
) -> None:
    base, out = tmp_path / "base.gguf", tmp_path / "merged.gguf"
    write_gguf(tiny_qwen.folder, base, dtype=dtype)
    write_gguf(tiny_qwen.folder, out, dtype=dtype, adapter=adapter)
    before, after = open_gguf(base), open_gguf(out)
    exact = load_file(tiny_qwen.folder / "model.safetensors")["model.layers.0.mlp.gate_proj.weight"]
    lora = load_file(adapter / "adapter_model.safetensors")
    module = "base_model.model.model.layers.0.mlp.gate_proj"
    delta = 2.0 * lora[f"{module}.lora_B.weight"] @ lora[f"{module}.lora_A.weight"]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert (old.name, old.tensor_type) == (new.name, new.tensor_type)
        if old.name == "blk.0.ffn_gate.weight":
            np.testing.assert_array_equal(new.data, gguf.quantize(exact + delta, new.tensor_type))
        elif "norm" in old.name or "embd" in old.name:
            np.testing.assert_array_equal(old.data, new.data)


def test_llama_rows_are_interleaved(tmp_path: Path, tiny_llama: TinyModel) -> None:
    adapter = make_adapter(tmp_path / "adapter", tiny_llama.folder)
    export_adapter(adapter, tiny_llama.folder, tmp_path / "lora.gguf")
    theirs = load_file(adapter / "adapter_model.safetensors")
    module = "base_model.model.model.layers.0.self_attn"
    ours = tensors_of(tmp_path / "lora.gguf")
    # 4 heads of 16 rows: row 1 of a head is the partner of row 0, which PEFT keeps at 8.
    query = theirs[f"{module}.q_proj.lora_B.weight"]
    np.testing.assert_array_equal(ours["blk.0.attn_q.weight.lora_b"][:4], query[[0, 8, 1, 9]])
    value = theirs[f"{module}.v_proj.lora_B.weight"]
    np.testing.assert_array_equal(ours["blk.0.attn_v.weight.lora_b"], value)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all", None])
def test_a_base_that_is_no_gguf_is_refused(adapter: Path, tmp_path: Path, content: bytes | None) -> None:
    base = tmp_path / "base.gguf"
    if content is not None:
        base.write_bytes(content)
    with pytest.raises(UserError, match=r"base\.gguf (is not a usable GGUF|cannot be read)"):
        export_adapter(adapter, base, tmp_path / "out.gguf")


def test_a_cut_base_is_refused(adapter: Path, tiny_qwen: TinyModel, tmp_path: Path) -> None:
    base = tmp_path / "base.gguf"
    shutil.copy(tiny_qwen.gguf, base)
    whole = base.read_bytes()
    for length in (30, 5000, len(whole) // 2):
        base.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"base\.gguf (is not a usable GGUF|cannot be read)"):
            export_adapter(adapter, base, tmp_path / "out.gguf")


def test_a_base_with_altered_bytes_is_read_or_refused(
    adapter: Path, tiny_qwen: TinyModel, tmp_path: Path
) -> None:
    """Header bytes at random: whatever they claim, no other error, no hang, no endless memory."""
    whole, chance = tiny_qwen.gguf.read_bytes(), random.Random(0)
    base, refused = tmp_path / "base.gguf", 0
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(2):
            content[chance.randrange(1500)] = chance.randrange(256)
        base.write_bytes(content)
        try:
            export_adapter(adapter, base, tmp_path / "out.gguf")
        except UserError:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("write", ["beside its base", "merged"])
def test_an_adapter_is_not_written_for_another_base(
    tiny_llama: TinyModel, tmp_path: Path, write: str
) -> None:
    """A model of the same shape with other weights, which the adapter would fit."""
    other = make_tiny(tmp_path / "other", seed=7)
    adapter = make_adapter(tmp_path / "adapter", tiny_llama.folder)
    file = adapter / "adapter_model.safetensors"
    identity = identify_base(tiny_llama.folder, "")
    save_file(load_file(file), file, metadata={"format": "pt", KEY: identity.to_json()})
    out = tmp_path / "out.gguf"

    def export(base: TinyModel) -> None:
        if write == "merged":
            write_gguf(base.folder, out, dtype="f32", adapter=adapter)
        else:
            export_adapter(adapter, base.folder, out)

    with pytest.raises(UserError, match="another model") as refused:
        export(other)
    assert f"was trained on {tiny_llama.folder.name}" in refused.value.message
    assert not out.exists()
    export(tiny_llama)
    assert out.exists()
