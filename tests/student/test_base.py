"""Folders whose weights and config.json disagree are refused by name, by the converter and the trainer."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_models import TinyModel
from training_records import Going, make_records, quick, write_records

from orca_desk.errors import UserError
from orca_desk.student.base import linear_layers, read_base
from orca_desk.student.convert import write_gguf
from orca_desk.student.gguf_reading import open_gguf
from orca_desk.student.train import train

Tensors = dict[str, Any]
Change = Callable[[Tensors], Tensors]
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
Q_BIAS = "model.layers.1.self_attn.q_proj.bias"


def with_rows(count: int, *names: str) -> Change:
    """Return a change that gives the tensors `count` rows: zeros are added, or the last ones removed."""

    def change(tensors: Tensors) -> Tensors:
        for name in names:
            rows = tensors[name]
            empty = np.zeros((max(0, count - len(rows)), rows.shape[1]), rows.dtype)
            tensors[name] = np.concatenate([rows[:count], empty])
        return tensors

    return change


def with_value(name: str, value: float) -> Change:
    """Return a change of the last value of a tensor."""

    def change(tensors: Tensors) -> Tensors:
        tensors[name].reshape(-1)[-1] = value
        return tensors

    return change


def without(name: str) -> Change:
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


def plus(name: str, *shape: int) -> Change:
    return lambda tensors: tensors | {name: np.ones(shape, np.float32)}


UP, NORM = "model.layers.1.mlp.up_proj.weight", "model.norm.weight"
REFUSED: dict[str, tuple[Change, dict[str, Any], str]] = {
    "padded rows that config.json does not name": (
        with_rows(640, EMBEDDING, HEAD),
        {},
        r"embed_tokens.* has rows for 640 tokens; config.json says 512 \(vocab_size\)",
    ),
    "rows of the head alone": (with_rows(640, HEAD), {}, r"lm_head.* has rows for 640 tokens"),
    "fewer rows than config.json says": (lambda t: t, {"vocab_size": 576}, "rows for 512 .* says 576"),
    "a matrix of another shape": (with_rows(100, UP), {}, r"up_proj.weight .* has the shape \[100, 64\]"),
    "a norm of another width": (lambda t: t | {NORM: np.ones(63, np.float32)}, {}, r"model.norm.weight"),
    "other heads": (lambda t: t, {"num_key_value_heads": 4}, r"k_proj.weight .* by config.json it is"),
    "more layers than torch would use": (
        lambda t: t,
        {"num_hidden_layers": 1},
        r"have 2 layers; config.json says 1 \(num_hidden_layers\)",
    ),
    "layers beyond counting": (lambda t: t, {"num_hidden_layers": 2**30}, r"(have|claims) \d+ layers"),
    "a tied head of its own": (lambda t: t, {"tie_word_embeddings": True}, "ties the head"),
    "a head that is missing": (without(HEAD), {}, r"lack lm_head.weight"),
    "a head that nothing names": (without(HEAD), {"tie_word_embeddings": None}, r"lack lm_head.weight"),
    "a bias that torch would ignore": (plus(Q_BIAS, 64), {}, r"hold .*q_proj.bias, which"),
    "biases that are missing": (lambda t: t, {"attention_bias": True}, r"lack .*q_proj.bias"),
    "norms of another family": (
        plus("model.layers.0.self_attn.q_norm.weight", 16),
        {},
        r"hold .*q_norm.weight",
    ),
    "a value that is not a number": (with_value(UP, np.nan), {}, r"up_proj.weight .* not numbers"),
    "an infinite value": (with_value(EMBEDDING, np.inf), {}, r"embed_tokens.weight .* not numbers"),
    "a norm that is not a number": (with_value(NORM, -np.inf), {}, r"model.norm.weight .* not numbers"),
}


@pytest.fixture
def folder(tmp_path: Path, tiny_llama: TinyModel) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(tiny_llama.folder, copy, ignore=shutil.ignore_patterns("*.gguf"))
    return copy


def change(folder: Path, weights: Change, config: dict[str, Any]) -> None:
    path = folder / "model.safetensors"
    save_file(weights(load_file(path)), path, metadata={"format": "pt"})
    settings = json.loads((folder / "config.json").read_text()) | config
    kept = {name: value for name, value in settings.items() if value is not None}
    (folder / "config.json").write_text(json.dumps(kept))


def start(folder: Path, tmp_path: Path) -> None:
    train(
        base=folder,
        records=write_records(tmp_path / "records.jsonl", make_records(4)),
        out=tmp_path / "out",
        settings=quick(epochs=1),
        emit=lambda event: None,
        control=Going(1),
    )


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_by_name(folder: Path, tmp_path: Path, kind: str) -> None:
    weights, config, says = REFUSED[kind]
    change(folder, weights, config)
    with pytest.raises(UserError, match=says) as converting:
        write_gguf(folder, tmp_path / "out.gguf")
    with pytest.raises(UserError, match=says) as training:
        start(folder, tmp_path)
    assert converting.value.hint and training.value.hint
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.parametrize("key", ["quantization_config", "quantization"])
def test_a_folder_that_says_it_is_quantised_is_refused(folder: Path, key: str) -> None:
    change(folder, dict, {key: {"bits": 4, "group_size": 64}})
    with pytest.raises(UserError, match=r"is quantised, so it cannot be trained"):
        read_base(folder)


def test_a_quantisation_of_null_is_none(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": None}))
    assert read_base(folder).quantisation == "F32"


@pytest.mark.parametrize(("packed", "held"), [("int8", "I8"), ("uint32", "U32")])
def test_packed_weights_are_told_before_anything_starts(folder: Path, packed: str, held: str) -> None:
    """Some programs write what they did to the weights into a file of their own."""
    name = "model.layers.0.mlp.up_proj.weight"
    change(folder, lambda weights: weights | {name: weights[name].astype(packed)}, {})
    with pytest.raises(UserError, match=rf"is quantised \(it holds {held} weights\)"):
        read_base(folder)


def test_a_type_that_is_no_text_is_no_traceback(folder: Path) -> None:
    change(folder, lambda tensors: tensors, {"model_type": ["llama"]})
    with pytest.raises(UserError, match=r"cannot train models of the .*llama.* architecture"):
        read_base(folder)


def test_a_tokenizer_with_more_tokens_than_rows_is_refused(folder: Path, tmp_path: Path) -> None:
    change(folder, with_rows(300, EMBEDDING, HEAD), {"vocab_size": 300})
    with pytest.raises(UserError, match=r"has ids up to \d+, the model only 300 rows"):
        write_gguf(folder, tmp_path / "out.gguf")


def test_padded_rows_that_config_json_names_are_fine(folder: Path, tmp_path: Path) -> None:
    change(folder, with_rows(640, EMBEDDING, HEAD), {"vocab_size": 640})
    write_gguf(folder, tmp_path / "out.gguf")
    start(folder, tmp_path)


@pytest.mark.parametrize("head", ["missing", "the same", "the same in another format"])
def test_a_head_that_is_tied_is_fine(folder: Path, tmp_path: Path, head: str) -> None:
    def tie(tensors: Tensors) -> Tensors:
        tensors[EMBEDDING] = tensors[EMBEDDING].astype(np.float16)
        copy = tensors[EMBEDDING].astype(np.float32 if "format" in head else np.float16)
        return without(HEAD)(tensors) if head == "missing" else tensors | {HEAD: copy}

    change(folder, tie, {"tie_word_embeddings": True})
    write_gguf(folder, tmp_path / "out.gguf")
    assert "output.weight" not in {tensor.name for tensor in open_gguf(tmp_path / "out.gguf").tensors}
    start(folder, tmp_path)


def test_shards_of_two_downloads_are_told(folder: Path, tmp_path: Path) -> None:
    """Both hold the same tensor, so one of them is not of this model."""
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    (folder / "model.safetensors").unlink()
    parts = {"a.safetensors": names[:10], "b.safetensors": names[9:]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file, metadata={"format": "pt"})
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=rf"a.safetensors and b.safetensors .* both hold {names[9]}"):
        write_gguf(folder, tmp_path / "out.gguf")
    (folder / "b.safetensors").unlink()
    with pytest.raises(UserError, match=r"lacks b\.safetensors"):
        read_base(folder)


def test_the_layers_that_can_be_adapted_are_named(folder: Path) -> None:
    attention, feed_forward = {"q_proj", "k_proj", "v_proj", "o_proj"}, {"gate_proj", "up_proj", "down_proj"}
    assert linear_layers(folder) == attention | feed_forward
