"""A model with rotary factors for short and for long texts stays in the context of the short ones."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tiny_models import TinyModel

from orca_desk.student.convert import write_gguf
from orca_desk.student.families import family_of_config
from orca_desk.teacher.engine import Engine

CONFIG = {
    "architectures": ["Phi3ForCausalLM"],
    "model_type": "phi3",
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "original_max_position_embeddings": 256,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "eos_token_id": 2,
}
LONG = {"type": "longrope", "short_factor": [1.0] * 8, "long_factor": [1.0 + n for n in range(8)]}


@pytest.mark.parametrize(
    ("scaling", "asked", "expected"),
    [(LONG, None, 256), (LONG, 200, 200), (LONG, 600, 600), (None, None, 1024)],
)
def test_the_context_is_the_one_that_short_texts_were_trained_in(
    tiny_llama: TinyModel, tmp_path: Path, scaling: object, asked: int | None, expected: int
) -> None:
    config = CONFIG | {"rope_scaling": scaling}
    (tmp_path / "config.json").write_text(json.dumps(config))
    shapes = family_of_config(config).shapes
    weights = {name: np.full(shape, 0.01, np.float32) for name, shape in shapes.items()}
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    for part in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_llama.folder / part, tmp_path)
    write_gguf(tmp_path, tmp_path / "model.gguf", dtype="f32")
    with Engine(tmp_path / "model.gguf", batch=2, context=asked) as engine:
        assert engine.context == expected
