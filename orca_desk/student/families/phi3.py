"""phi3 (Phi-3, Phi-3.5 mini and Phi-4 mini): fused layers, a part of each head rotated, long contexts."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family, Shape
from orca_desk.student.families.keys import GgufKeys, require


class Phi3(Family):
    """One matrix makes queries, keys and values, another one gate and up of the feed-forward layer."""

    model_type = "phi3"
    class_name = "Phi3ForCausalLM"
    architecture = gguf.MODEL_ARCH.PHI3
    scalings: ClassVar[frozenset[str]] = frozenset({"default", "longrope"})
    rotates_parts = True
    is_square = True
    defaults: ClassVar[dict[str, Any]] = {"rms_norm_eps": 1e-5, "original_max_position_embeddings": 4096}

    @property
    def lacking_window(self) -> int | None:
        """None: llama.cpp lacks the window of this graph, but up to its length both attend to everything."""
        return None

    @property
    def context(self) -> int:
        """Tokens up to which torch and llama.cpp compute the same.

        torch takes other rotary factors from a certain length on, llama.cpp from a certain context on.
        """
        window = self.config.get("sliding_window") or self.rope.context
        return min(require(self.config, "max_position_embeddings"), self.rope.original, window)

    def matrices(self) -> dict[str, Shape]:
        """Return the linear layers of a block, [out, in] each."""
        apart = super().matrices()
        queries = apart["self_attn.o_proj"][1]
        return {
            "self_attn.qkv_proj": (queries + 2 * self.kv_heads * self.head_width, self.width),
            "self_attn.o_proj": apart["self_attn.o_proj"],
            "mlp.gate_up_proj": (2 * self.hidden, self.width),
            "mlp.down_proj": apart["mlp.down_proj"],
        }

    def has_bias(self, matrix: str) -> bool:
        """Return False: there are none."""
        return False

    def describe_more(self, writer: gguf.GGUFWriter) -> None:
        """Add the window, which llama.cpp reads and leaves out, and the context before scaling."""
        writer.add_sliding_window(self.config.get("sliding_window") or 0)
        if self.rope.scaling != "longrope":
            writer.add_rope_scaling_orig_ctx_len(self.rope.original)

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return the window, if any, and the context before scaling."""
        rope, context = gguf.Keys.Rope, keys.whole(gguf.Keys.LLM.CONTEXT_LENGTH)
        return {
            "sliding_window": keys.whole(gguf.Keys.Attention.SLIDING_WINDOW, 0) or None,
            "original_max_position_embeddings": keys.whole(rope.SCALING_ORIG_CTX_LEN, context) or context,
        }
