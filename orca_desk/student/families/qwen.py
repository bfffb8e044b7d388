"""qwen2 (Qwen 1.5, 2 and 2.5) and qwen3."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family, Shape
from orca_desk.student.families.keys import GgufKeys


class _Qwen(Family):
    @property
    def lacking_window(self) -> int | None:
        """The sliding window: config.json names one also where it is not used."""
        return super().lacking_window if self.config.get("use_sliding_window") else None

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return the one setting that GGUF files leave out."""
        return {"use_sliding_window": False}


class Qwen2(_Qwen):
    """Queries, keys and values always have biases."""

    model_type = "qwen2"
    class_name = "Qwen2ForCausalLM"
    architecture = gguf.MODEL_ARCH.QWEN2
    is_square = True
    biased = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    defaults: ClassVar[dict[str, Any]] = {"num_key_value_heads": 32}

    def has_bias(self, matrix: str) -> bool:
        """Return whether a linear layer of a block adds a bias."""
        return matrix in self.biased


class Qwen3(_Qwen):
    """Queries and keys are normalised head by head."""

    model_type = "qwen3"
    class_name = "Qwen3ForCausalLM"
    architecture = gguf.MODEL_ARCH.QWEN3
    defaults: ClassVar[dict[str, Any]] = {"num_key_value_heads": 32, "head_dim": 128}

    def norms(self) -> dict[str, Shape]:
        """Return the norms of a block."""
        heads = dict.fromkeys(("self_attn.q_norm.weight", "self_attn.k_norm.weight"), (self.head_width,))
        return heads | super().norms()
