"""olmo2: norms after each part instead of before, and over all queries and all keys."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family, Shape
from orca_desk.student.families.keys import GgufKeys


class Olmo2(Family):
    """OLMo 2."""

    model_type = "olmo2"
    class_name = "Olmo2ForCausalLM"
    architecture = gguf.MODEL_ARCH.OLMO2
    is_square = True
    defaults: ClassVar[dict[str, Any]] = {"rms_norm_eps": 1e-5}
    must_untie = True

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Raise UserError for OLMo 3, which has the same architecture in llama.cpp, and windows."""
        if keys.whole(gguf.Keys.Attention.SLIDING_WINDOW, 0):
            raise keys.unknown_variant(gguf.Keys.Attention.SLIDING_WINDOW)
        return {}

    def norms(self) -> dict[str, Shape]:
        """Return the norms of a block."""
        return {
            "self_attn.q_norm.weight": (self.heads * self.head_width,),
            "self_attn.k_norm.weight": (self.kv_heads * self.head_width,),
            "post_attention_layernorm.weight": (self.width,),
            "post_feedforward_layernorm.weight": (self.width,),
        }
