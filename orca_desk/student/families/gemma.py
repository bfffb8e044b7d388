"""gemma2 and gemma3 (text): offsets on norms, norms after each part, sliding windows, bent logits."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family, Shape
from orca_desk.student.families.keys import GgufKeys, require, shortest
from orca_desk.student.families.rope import RotaryEmbedding, older_settings, rope_of, rope_settings

_GLOBAL_THETA, _LOCAL_THETA = 1e6, 1e4  # of a gemma3 that names none
_WINDOW = 4096  # of a model that names none


class _Gemma(Family):
    """What both have in common.

    llama.cpp scales the attention by the width of a head, or by width / heads in models of `by_width` layers;
    every `pattern`-th layer attends to everything, the others to the last tokens.
    """

    activation = "gelu_pytorch_tanh"
    activation_key = "hidden_activation"
    norm_offset = 1.0
    pattern: ClassVar[int]
    by_width: ClassVar[tuple[int, ...]]
    defaults: ClassVar[dict[str, Any]] = {
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "query_pre_attn_scalar": 256,
        "sliding_window": _WINDOW,
        "tie_word_embeddings": True,
    }

    @property
    def lacking_window(self) -> int | None:
        """None: llama.cpp has the windows of this graph."""
        return None

    def norms(self) -> dict[str, Shape]:
        """Return the norms of a block: before and after attention and feed-forward layers."""
        after = ("pre_feedforward_layernorm.weight", "post_feedforward_layernorm.weight")
        return super().norms() | dict.fromkeys(after, (self.width,))

    def problems(self) -> dict[str, bool]:
        """Return what llama.cpp would compute otherwise -> whether this model does so."""
        each = self.width // self.heads if self.blocks in self.by_width else self.head_width
        scale, layers = self.config["query_pre_attn_scalar"], self.config.get("layer_types")
        return super().problems() | {
            f"scales its attention by {scale} (query_pre_attn_scalar), not {each}": scale != each,
            "mixes windows with full attention in another order": layers is not None
            and list(layers) != _layer_types(self.blocks, self.pattern),
            "attends to later tokens": bool(self.config.get("use_bidirectional_attention")),
        }

    def describe_more(self, writer: gguf.GGUFWriter) -> None:
        """Add the window, and how logits are bent."""
        writer.add_sliding_window(require(self.config, "sliding_window"))
        if cap := self.config.get("final_logit_softcapping"):
            writer.add_final_logit_softcapping(float(cap))

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return the scale of the attention and the order of the layers, which follow from the sizes."""
        blocks, attention = keys.whole(gguf.Keys.LLM.BLOCK_COUNT), gguf.Keys.Attention
        if keys.has(attention.SLIDING_WINDOW_PATTERN):  # the files of these models leave it out
            raise keys.unknown_variant(attention.SLIDING_WINDOW_PATTERN)
        width, heads = keys.whole(gguf.Keys.LLM.EMBEDDING_LENGTH), keys.whole(attention.HEAD_COUNT)
        each = width // heads
        scale = each if blocks in cls.by_width else keys.whole(attention.KEY_LENGTH, each)
        return {
            "query_pre_attn_scalar": scale,
            "layer_types": _layer_types(blocks, cls.pattern),
            "final_logit_softcapping": None,
            "attn_logit_softcapping": None,
        }


class Gemma2(_Gemma):
    """Logits and attention scores are bent; every second layer attends to everything."""

    model_type = "gemma2"
    class_name = "Gemma2ForCausalLM"
    architecture = gguf.MODEL_ARCH.GEMMA2
    scalings: ClassVar[frozenset[str]] = frozenset({"default", "linear"})
    pattern = 2
    by_width = (46,)
    defaults: ClassVar[dict[str, Any]] = _Gemma.defaults | {
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    }
    must_tie = True
    attention = "eager"  # the only one that bends the scores

    def problems(self) -> dict[str, bool]:
        """Return what llama.cpp would compute otherwise -> whether this model does so."""
        return super().problems() | {
            f"does not bend its scores ({key})": not self.config.get(key)
            for key in ("attn_logit_softcapping", "final_logit_softcapping")
        }

    def describe_more(self, writer: gguf.GGUFWriter) -> None:
        """Add the window, and how scores are bent."""
        super().describe_more(writer)
        writer.add_attn_logit_softcapping(float(self.config["attn_logit_softcapping"]))

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return the window and how scores are bent, with llama.cpp's values where the file has none."""
        llm = gguf.Keys.LLM
        return super().config_more(keys) | {
            "sliding_window": keys.whole(gguf.Keys.Attention.SLIDING_WINDOW, _WINDOW),
            "attn_logit_softcapping": shortest(keys.number(llm.ATTN_LOGIT_SOFTCAPPING, 50.0)),
            "final_logit_softcapping": shortest(keys.number(llm.FINAL_LOGIT_SOFTCAPPING, 30.0)),
        }


class Gemma3(_Gemma):
    """Queries and keys are normalised head by head; layers with a window rotate by a base of their own."""

    model_type = "gemma3_text"
    class_name = "Gemma3ForCausalLM"
    architecture = gguf.MODEL_ARCH.GEMMA3
    scalings: ClassVar[frozenset[str]] = frozenset({"default", "linear"})
    theta = _GLOBAL_THETA
    pattern = 6
    by_width = (62,)

    @property
    def rope(self) -> RotaryEmbedding:
        """The rotary embedding of the layers that attend to everything."""
        return rope_of(self.config, self.theta, "full_attention")

    @property
    def local_rope(self) -> RotaryEmbedding:
        """The rotary embedding of the layers with a window, which no setting scales."""
        settings = (self.config.get("rope_parameters") or {}).get("sliding_attention") or {}
        theta = settings.get("rope_theta") or self.config.get("rope_local_base_freq") or _LOCAL_THETA
        scaling = str(settings.get("rope_type") or "default")
        return RotaryEmbedding(theta=float(theta), scaling=scaling, settings=settings)

    def norms(self) -> dict[str, Shape]:
        """Return the norms of a block."""
        heads = dict.fromkeys(("self_attn.q_norm.weight", "self_attn.k_norm.weight"), (self.head_width,))
        return heads | super().norms()

    def problems(self) -> dict[str, bool]:
        """Return what llama.cpp would compute otherwise -> whether this model does so."""
        stated = self.config.get("layer_types") is None and self.config.get("sliding_window_pattern")
        pattern = stated or self.pattern  # where both are there, the list of the layers decides
        other = f"attends to everything in one of {pattern} layers, not of {self.pattern}"
        return super().problems() | {
            other: pattern != self.pattern,
            "scales the positions of its layers with a window": self.local_rope.scaling != "default",
            "bends its attention scores": bool(self.config.get("attn_logit_softcapping")),
        }

    def describe_more(self, writer: gguf.GGUFWriter) -> None:
        """Add the window and its layers' rotary base, and how logits are bent."""
        super().describe_more(writer)
        writer.add_rope_freq_base_swa(self.local_rope.theta)

    @classmethod
    def config_rope(cls, keys: GgufKeys, rotated: int) -> dict[str, Any]:
        """Return both rotary embeddings, as newer and as older programs read them."""
        everywhere = rope_settings(keys, rotated)
        local = shortest(keys.number(gguf.Keys.Rope.FREQ_BASE_SWA, _LOCAL_THETA))
        return {
            "rope_theta": everywhere["rope_theta"],
            "rope_local_base_freq": local,
            "rope_parameters": {
                "full_attention": everywhere,
                "sliding_attention": {"rope_type": "default", "rope_theta": local},
            },
        } | older_settings(everywhere)

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return the window and how logits are bent."""
        window = keys.whole(gguf.Keys.Attention.SLIDING_WINDOW, 0)
        if not window:
            raise keys.unknown_variant(gguf.Keys.Attention.SLIDING_WINDOW)
        cap = shortest(keys.number(gguf.Keys.LLM.FINAL_LOGIT_SOFTCAPPING, 0.0))
        return super().config_more(keys) | {
            "sliding_window": window,
            "sliding_window_pattern": cls.pattern,
            "final_logit_softcapping": cap or None,
        }


def _layer_types(blocks: int, pattern: int) -> list[str]:
    return [
        "full_attention" if (index + 1) % pattern == 0 else "sliding_attention" for index in range(blocks)
    ]
