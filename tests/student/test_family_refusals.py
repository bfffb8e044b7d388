"""What a family refuses before anything is chosen or written: what llama.cpp would compute otherwise."""

import contextlib
import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tiny_families import make_family
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.inventory.trainable import why_untrainable
from orca_desk.models.gguf_header import read_header
from orca_desk.student.base import read_base, require_sound
from orca_desk.student.convert import write_gguf
from orca_desk.student.families import family_of_config, family_of_gguf
from orca_desk.student.families.family import _share
from orca_desk.student.families.keys import GgufKeys
from orca_desk.student.families.rope import LLAMA3, RotaryEmbedding, rope_settings, rope_tables
from orca_desk.student.gguf_reading import damaged
from orca_desk.student.safetensors_files import SafetensorsFiles

MADE = ("mistral", "qwen2", "gemma2", "gemma3", "phi3-long", "smollm3", "granite", "olmo2")
WINDOWED = {"sliding_window": 64, "use_sliding_window": True, "max_window_layers": 0}
SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    ("mistral", {"sliding_window": 128}, "sliding window"),
    ("qwen2", WINDOWED, "sliding window"),
    ("gemma2", {"query_pre_attn_scalar": 64}, "by 64 .query_pre_attn_scalar., not 32"),
    ("gemma2", {"attn_logit_softcapping": None}, "does not bend its scores"),
    ("gemma2", {"layer_types": ["full_attention"] * 3}, "in another order"),
    ("gemma2", {"hidden_activation": "gelu"}, "'gelu'"),
    ("gemma3", {"sliding_window_pattern": 4, "layer_types": None}, "one of 4 layers, not of 6"),
    ("gemma3", {"use_bidirectional_attention": True}, "later tokens"),
    ("gemma3", {"model_type": "gemma3", "text_config": {}}, "for pictures or sound"),
    ("phi3-long", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0}}, "'dynamic'"),
    ("phi3-long", {"rope_parameters": {"rope_type": "longrope", "short_factor": [1.0]}}, "damaged"),
    ("smollm3", {"no_rope_layers": [1] * 5}, "rotates other layers"),
    ("smollm3", WINDOWED, "sliding window"),
    ("granite", {"residual_multiplier": 0.0}, "residual_multiplier of 0"),
    ("granite", {"model_type": "granitemoe"}, "granitemoe architecture.*can for gemma2"),
]
# Of models whose weights agree with these settings.
WHOLE: list[tuple[str, dict[str, Any], str]] = [
    ("qwen2", {"head_dim": 32}, "heads of 128 values in all"),
    ("gemma2", {"tie_word_embeddings": False}, "has a head of its own"),
    ("olmo2", {"tie_word_embeddings": True}, "no head of its own"),
    ("llama", {"partial_rotary_factor": 0.5}, "part of each head"),
    ("smollm3", {"attention_bias": True}, "adds biases"),
    ("gemma3", {"attention_bias": True}, "adds biases"),
    ("olmo2", {"attention_bias": True}, "adds biases"),
]


@pytest.fixture(scope="module")
def made(tiny_llama: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of each of these families; read only."""
    root = tmp_path_factory.mktemp("families")
    return {name: make_family(root / name, name, tiny_llama.folder) for name in MADE}


def copy(folder: Path, out: Path, **settings: Any) -> Path:
    shutil.copytree(folder, out)
    config = json.loads((out / "config.json").read_text()) | settings
    (out / "config.json").write_text(json.dumps(config))
    return out


@pytest.mark.parametrize(("name", "changed", "says"), SETTINGS)
def test_a_setting_that_llama_cpp_lacks(
    made: dict[str, Path], tmp_path: Path, name: str, changed: dict[str, Any], says: str
) -> None:
    folder = copy(made[name], tmp_path / "model", **changed)
    with pytest.raises(UserError, match=says) as refused:
        write_gguf(folder, tmp_path / "out.gguf")
    assert refused.value.hint
    with pytest.raises(UserError, match=says):
        read_base(folder)
    assert why_untrainable(folder)
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.parametrize(("name", "changed", "says"), WHOLE)
def test_a_model_that_llama_cpp_lacks(
    made: dict[str, Path], tiny_llama: TinyModel, name: str, changed: dict[str, Any], says: str
) -> None:
    config = json.loads((made.get(name, tiny_llama.folder) / "config.json").read_text())
    with pytest.raises(UserError, match=says):
        family_of_config(config | changed).require_plain()


@pytest.mark.parametrize("name", MADE)
def test_weights_that_disagree_with_config_json(made: dict[str, Path], tmp_path: Path, name: str) -> None:
    weights = load_file(made[name] / "model.safetensors")
    tied = json.loads((made[name] / "config.json").read_text()).get("tie_word_embeddings", "gemma" in name)
    embedding, head = weights["model.embed_tokens.weight"], "lm_head.weight"
    last = f"model.layers.{2 if name != 'gemma3' else 6}.mlp.down_proj.weight"
    damage = {
        "a head of other values, or none": (
            weights | {head: embedding[::-1].copy()}
            if tied
            else {key: value for key, value in weights.items() if key != head},
            "lm_head.weight",
        ),
        "a bias": (
            weights | {last.replace("weight", "bias"): np.ones(64, np.float32)},
            "down_proj.bias, which",
        ),
        "a norm of another family": (
            weights | {"model.layers.0.self_attn.v_norm.weight": np.ones(16, np.float32)},
            "v_norm.weight, which",
        ),
        "fewer rows": (weights | {"model.embed_tokens.weight": embedding[:500]}, "rows for 500 tokens"),
        "a wider layer": (weights | {last: np.ones((64, 192), np.float32)}, r"has the shape \[64, 192\]"),
    }
    for kind, (changed, says) in damage.items():
        folder = copy(made[name], tmp_path / kind)
        save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(UserError, match=says):
            read_base(folder)
    broken = copy(made[name], tmp_path / "no number")
    weights[last][0, 0] = np.nan
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=f"{last} .* not numbers"):
        write_gguf(broken, tmp_path / "out.gguf")


@pytest.mark.slow
def test_the_command_for_pickled_weights_converts_them(tiny_llama: TinyModel, tmp_path: Path) -> None:
    """Also of several files, and in a folder whose name a shell would take apart."""
    folder = copy(tiny_llama.folder, tmp_path / "it's a model")
    weights = {name: torch.from_numpy(part) for name, part in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    (folder / "model.gguf").unlink()
    names = sorted(weights)
    parts = {"pytorch_model-00001-of-00002.bin": names[:9], "pytorch_model-00002-of-00002.bin": names[9:]}
    for file, part in parts.items():
        torch.save({name: weights[name] for name in part}, folder / file)
    index = {"metadata": {}, "weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"only pickled weights \(pytorch_model-00001") as refused:
        read_base(folder)
    python, *arguments = shlex.split(refused.value.hint[refused.value.hint.index("python -c") :].strip())
    assert python == "python"
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    assert read_base(folder).files == (folder / "model.safetensors",)


class _Keys(GgufKeys):
    """Keys of a file that has one table and a rotary base."""

    def __init__(self, table: Any, theta: float) -> None:
        self.given, self.theta = table, theta

    def table(self, name: str) -> Any:
        return self.given if name == LLAMA3 else None

    def number(self, key: str, default: float | None = None) -> float:
        return self.theta if key.endswith("freq_base") else float(default or 0.0)

    def whole(self, key: str, default: int | None = None) -> int:
        return default or 0

    def text(self, key: str, default: str) -> str:
        return default


@given(
    factor=st.sampled_from([2.0, 8.0, 32.0]),
    high=st.sampled_from([2.0, 3.0, 4.0, 8.0]),
    original=st.sampled_from([32, 100, 4096, 8192, 131072]),
    theta=st.sampled_from([1e4, 5e5, 1e6]),
    width=st.sampled_from([32, 64, 128]),
)
def test_llama3_settings_are_found_from_their_table(
    factor: float, high: float, original: int, theta: float, width: int
) -> None:
    given_ = {"factor": factor, "low_freq_factor": 1.0, "high_freq_factor": high}
    rope = RotaryEmbedding(theta=theta, scaling="llama3", settings=given_, original=original)
    table = rope_tables(rope, width)[LLAMA3]
    blended = (table > 1.001) & (table < factor * 0.999)
    assume(float(table.max()) == pytest.approx(factor) and bool(blended.any()))  # as in every real model
    found = rope_settings(_Keys(table, theta), width)
    again = RotaryEmbedding(
        theta=theta, scaling="llama3", settings=found, original=found["original_max_position_embeddings"]
    )
    np.testing.assert_allclose(rope_tables(again, width)[LLAMA3], table, rtol=2e-4)


def test_a_table_that_no_setting_makes_is_refused() -> None:
    with pytest.raises(UserError, match="no setting"):
        rope_settings(_Keys(np.array([3.0, 1.0, 2.0, 1.0, 4.0, 1.0, 1.0, 7.0], np.float32), 1e4), 16)


def test_gguf_files_of_other_kinds_are_told(tiny_llama: TinyModel, tmp_path: Path) -> None:
    for name, says in (("falcon", "falcon architecture"), ("llama", "mixture of experts")):
        writer = gguf.GGUFWriter(tmp_path / f"{name}.gguf", name)
        writer.add_expert_count(8)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        with pytest.raises(UserError, match=says):
            family_of_gguf(tmp_path / f"{name}.gguf")


@pytest.mark.parametrize(
    ("name", "key", "says"),
    [
        ("olmo2", "olmo2.attention.sliding_window", "olmo2 that Orca Desk does not know"),
        ("gemma3", "gemma3.attention.sliding_window_pattern", "gemma3 that Orca Desk does not know"),
        ("gemma2", "gemma2.expert_count", "mixture of experts"),
        ("granite", "granite.expert_count", "mixture of experts"),
    ],
)
def test_variants_of_an_architecture_are_told_by_their_keys(
    made: dict[str, Path], tmp_path: Path, name: str, key: str, says: str
) -> None:
    write_gguf(made[name], tmp_path / "whole.gguf", dtype="f32")
    header = read_header(tmp_path / "whole.gguf")
    changed = replace(header, metadata=header.metadata | {key: 4})
    assert family_of_gguf(tmp_path / "whole.gguf", header).model_type
    with pytest.raises(UserError, match=says):
        family_of_gguf(tmp_path / "whole.gguf", changed)


@given(st.integers(1, 512).flatmap(lambda half: st.tuples(st.integers(1, half), st.just(2 * half))))
def test_a_share_of_a_head_gives_back_its_values(pair: tuple[int, int]) -> None:
    part, whole = 2 * pair[0], pair[1]
    assert int(whole * _share(part, whole)) == part


ODD = st.sampled_from(
    [None, -1, 0, 1, 3, 2**40, 1e308, 1e-308, -0.5, float("nan"), True, "x", "yarn", [], [1], {}, {"a": 1}]
)


@given(data=st.data())
def test_no_config_json_ends_in_a_traceback(made: dict[str, Path], data: st.DataObject) -> None:
    """One or two values of a sound config.json, in any family, are replaced by anything."""
    name = data.draw(st.sampled_from(MADE))
    config = json.loads((made[name] / "config.json").read_text())
    keys = st.sampled_from([*sorted(config), "rope_scaling", "rope_theta"])
    for key in data.draw(st.lists(keys, min_size=1, max_size=2)):
        config[key] = data.draw(ODD)
    if isinstance(config.get("rope_parameters"), dict) and data.draw(st.booleans()):
        inner = data.draw(st.sampled_from(sorted(config["rope_parameters"]) or ["factor"]))
        config["rope_parameters"][inner] = data.draw(ODD)
    weights = SafetensorsFiles(made[name])
    with contextlib.suppress(UserError), damaged(made[name] / "config.json"):
        family = family_of_config(config)
        require_sound(made[name], config, weights)
        family.require_plain()
        assert family.context > 0
        family.describe(gguf.GGUFWriter(None, "llama"))


@given(
    name=st.sampled_from(MADE),
    changes=st.lists(st.tuples(st.integers(0, 99), ODD), min_size=1, max_size=2),
)
def test_no_gguf_header_ends_in_a_traceback(
    files: dict[str, Path], name: str, changes: list[tuple[int, Any]]
) -> None:
    path, header = files[name], read_header(files[name])
    metadata, keys = dict(header.metadata), sorted(header.metadata)
    for place, value in changes:
        metadata[keys[place % len(keys)]] = tuple(value) if isinstance(value, list) else value
    given_ = {key: value for key, value in metadata.items() if value is not None}
    with contextlib.suppress(UserError):
        family = family_of_gguf(path, replace(header, metadata=given_))
        with damaged(path):
            assert len(family.shapes) > 3
            family.require_plain()


@pytest.fixture(scope="module")
def files(made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The GGUF file of each family."""
    root = tmp_path_factory.mktemp("files")
    for name, folder in made.items():
        write_gguf(folder, root / f"{name}.gguf", dtype="f32")
    return {name: root / f"{name}.gguf" for name in made}
