"""smollm3: llama's block, where every fourth layer does without positions."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family
from orca_desk.student.families.keys import GgufKeys

_EVERY = 4


class SmolLM3(Family):
    """SmolLM3 3B."""

    model_type = "smollm3"
    class_name = "SmolLM3ForCausalLM"
    architecture = gguf.MODEL_ARCH.SMOLLM3
    theta = 2e6
    interleaves = True
    defaults: ClassVar[dict[str, Any]] = {"num_key_value_heads": 4, "tie_word_embeddings": True}

    @property
    def lacking_window(self) -> int | None:
        """The sliding window: config.json may name one also where it is not used."""
        return super().lacking_window if self.config.get("use_sliding_window") else None

    def problems(self) -> dict[str, bool]:
        """Return what llama.cpp would compute otherwise -> whether this model does so."""
        rotated, every = self.config.get("no_rope_layers"), self.config.get("no_rope_layer_interval", _EVERY)
        usual = _rotated_layers(self.blocks)
        other = every != _EVERY if rotated is None else list(rotated) != usual
        return super().problems() | {"rotates other layers than three of four": other}

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return which layers rotate."""
        blocks = keys.whole(gguf.Keys.LLM.BLOCK_COUNT)
        return {
            "no_rope_layers": _rotated_layers(blocks),
            "no_rope_layer_interval": _EVERY,
            "use_sliding_window": False,
        }


def _rotated_layers(blocks: int) -> list[int]:
    """Return 1 for each layer that rotates, 0 for the others."""
    return [int((index + 1) % _EVERY != 0) for index in range(blocks)]
