"""What all families of models have in common; a family's own file says where it differs."""

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import gguf

from orca_desk.errors import UserError
from orca_desk.student.families.keys import GgufKeys, require, shortest
from orca_desk.student.families.rope import (
    DEFAULT_THETA,
    TABLES,
    RotaryEmbedding,
    describe_rope,
    older_settings,
    rope_of,
    rope_settings,
    rope_tables,
)
from orca_desk.student.safetensors_files import Floats

EMBEDDING, HEAD, NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"
MOST_BLOCKS = 4096  # the name map grows with them, and a file can claim any number
Shape = tuple[int, ...]


class Family:
    """One model of an architecture: its tensors, its settings, and how a GGUF file writes both.

    A subclass is one architecture: a `model_type` of config.json, and the one whose graph in llama.cpp
    computes the same. This base is the llama block without its order of rows.
    """

    model_type: ClassVar[str]
    class_name: ClassVar[str]  # in transformers
    architecture: ClassVar[gguf.MODEL_ARCH]
    activation: ClassVar[str] = "silu"
    activation_key: ClassVar[str] = "hidden_act"
    theta: ClassVar[float] = DEFAULT_THETA  # of a config.json that names none
    scalings: ClassVar[frozenset[str]] = frozenset({"default", "linear", "yarn"})
    # llama.cpp rotates neighbours in this graph, where Hugging Face pairs values half a head apart.
    interleaves: ClassVar[bool] = False
    # The heads together must be as wide as the model: llama.cpp refuses other files.
    is_square: ClassVar[bool] = False
    rotates_parts: ClassVar[bool] = False  # llama.cpp can rotate a part of each head
    must_tie: ClassVar[bool] = False  # llama.cpp's graph has no head of its own
    must_untie: ClassVar[bool] = False  # or it needs one
    biased: ClassVar[tuple[str, ...]] = ()  # the layers that may have biases in llama.cpp, or their part
    norm_offset: ClassVar[float] = 0.0  # what the model adds to the weights of its norms
    # What transformers takes where config.json does not say.
    defaults: ClassVar[dict[str, Any]] = {}
    attention: ClassVar[str] = "sdpa"  # the implementation in transformers that computes it in full

    def __init__(self, config: dict[str, Any]) -> None:
        """Take the sizes from config.json's content. Raises UserError for impossible ones."""
        self.config = config = {**self.defaults, **config}
        self.blocks = require(config, "num_hidden_layers")
        self.heads = require(config, "num_attention_heads")
        grouped = config.get("num_key_value_heads") is not None
        self.kv_heads = require(config, "num_key_value_heads" if grouped else "num_attention_heads")
        if self.blocks > MOST_BLOCKS:
            raise UserError(f"The model claims {self.blocks} layers.", "Download the model again.")

    @property
    def vocabulary(self) -> int:
        """The rows of the embedding."""
        return require(self.config, "vocab_size")

    @property
    def width(self) -> int:
        """The width of the model."""
        return require(self.config, "hidden_size")

    @property
    def hidden(self) -> int:
        """The width of a feed-forward layer."""
        return require(self.config, "intermediate_size")

    @property
    def head_width(self) -> int:
        """The width of one attention head."""
        if self.config.get("head_dim") is not None:
            return require(self.config, "head_dim")
        return self.width // self.heads

    @property
    def rotated(self) -> int:
        """How many values of a head are rotated."""
        return int(self.head_width * self.rope.partial)

    @property
    def is_tied(self) -> bool:
        """Whether the head is the embedding."""
        return bool(self.config.get("tie_word_embeddings"))

    @cached_property
    def rope(self) -> RotaryEmbedding:
        """The rotary embedding (of the layers that attend to everything)."""
        return rope_of(self.config, self.theta)

    @property
    def context(self) -> int:
        """Tokens up to which torch and llama.cpp compute the same."""
        return require(self.config, "max_position_embeddings")

    @property
    def lacking_window(self) -> int | None:
        """The sliding window of attention, where the model uses one that llama.cpp's graph lacks."""
        return self.config.get("sliding_window")

    # Tensors

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """The shape of each tensor by its name in the folder; a tied head is among them."""
        rows = (self.vocabulary, self.width)
        outer: dict[str, Shape] = {EMBEDDING: rows, HEAD: rows, NORM: (self.width,)}
        block = {**dict(self._biased(self.matrices())), **self.norms()}
        layers = (f"model.layers.{index}." for index in range(self.blocks))
        return outer | {layer + name: shape for layer in layers for name, shape in block.items()}

    def matrices(self) -> dict[str, Shape]:
        """Return the linear layers of a block, [out, in] each."""
        queries, keys = self.heads * self.head_width, self.kv_heads * self.head_width
        return {
            "self_attn.q_proj": (queries, self.width),
            "self_attn.k_proj": (keys, self.width),
            "self_attn.v_proj": (keys, self.width),
            "self_attn.o_proj": (self.width, queries),
            "mlp.gate_proj": (self.hidden, self.width),
            "mlp.up_proj": (self.hidden, self.width),
            "mlp.down_proj": (self.width, self.hidden),
        }

    def norms(self) -> dict[str, Shape]:
        """Return the norms of a block."""
        return dict.fromkeys(("input_layernorm.weight", "post_attention_layernorm.weight"), (self.width,))

    def has_bias(self, matrix: str) -> bool:
        """Return whether a linear layer of a block adds a bias."""
        settings = {"self_attn": "attention_bias", "mlp": "mlp_bias"}
        return bool(self.config.get(settings[matrix.partition(".")[0]]))

    def _biased(self, matrices: dict[str, Shape]) -> Iterator[tuple[str, Shape]]:
        for name, shape in matrices.items():
            yield f"{name}.weight", shape
            if self.has_bias(name):
                yield f"{name}.bias", shape[:1]

    def tables(self) -> dict[str, Floats]:
        """Return what the GGUF file holds as tensors and config.json as settings."""
        return rope_tables(self.rope, self.rotated)

    # Names and order of rows

    @cached_property
    def _map(self) -> gguf.TensorNameMap:
        return gguf.get_tensor_name_map(self.architecture, self.blocks)

    @cached_property
    def _folder_names(self) -> dict[str, str]:
        return {self.gguf_name(name): name for name in self.shapes}

    def gguf_name(self, tensor: str) -> str:
        """Return the GGUF name of a Hugging Face tensor ("model.layers.0.mlp.up_proj.weight").

        Raises UserError when llama.cpp's architecture has no such tensor.
        """
        if tensor == HEAD:  # also of an architecture whose head is always tied
            return f"{gguf.TENSOR_NAMES[gguf.MODEL_TENSOR.OUTPUT]}.weight"
        name = self._map.get_name(tensor, (".weight", ".bias"))
        if name is None:
            label = gguf.MODEL_ARCH_NAMES[self.architecture]
            raise UserError(
                f"A GGUF file of the {label} architecture cannot hold the tensor {tensor}.",
                "The model is a variant that Orca Desk does not know: use a GGUF file made by its publisher.",
            )
        return str(name)

    def folder_tensor(self, name: str, shape: Shape) -> str | None:
        """Return the Hugging Face name of a GGUF tensor, or None for a table that config.json holds.

        Raises UserError for a tensor that the model in config.json does not have, or not with this shape.
        """
        if name in TABLES:
            return None
        ours = self._folder_names.get(name)
        if ours is None or self.shapes[ours] != tuple(shape):
            expected = "no such tensor" if ours is None else f"it with the shape {list(self.shapes[ours])}"
            raise UserError(
                f"The GGUF file holds {name} of the shape {list(shape)}; a {self.model_type} model of its "
                f"settings has {expected}.",
                "The file is damaged, or a variant that Orca Desk does not know: use the original folder.",
            )
        return ours

    def reorder(self, tensor: str, values: Floats) -> Floats:
        """Return the values of a weight, a bias or a LoRA B matrix as llama.cpp has them."""
        heads = self._interleaved_heads(tensor)
        if heads:
            return _swap(values, heads, (heads, 2, -1), tensor)
        return values + self.norm_offset if self._is_norm(tensor) else values

    def restore(self, tensor: str, values: Floats) -> Floats:
        """Return a tensor's values as Hugging Face has them: what `reorder` changed, changed back."""
        heads = self._interleaved_heads(tensor)
        if heads:
            return _swap(values, heads, (heads, -1, 2), tensor)
        return values - self.norm_offset if self._is_norm(tensor) else values

    def _interleaved_heads(self, tensor: str) -> int:
        if not self.interleaves:
            return 0
        if ".q_proj" in tensor:
            return self.heads
        return self.kv_heads if ".k_proj" in tensor else 0

    def _is_norm(self, tensor: str) -> bool:
        return self.norm_offset != 0 and tensor.endswith("norm.weight")

    # From config.json to GGUF keys

    def problems(self) -> dict[str, bool]:
        """Return what llama.cpp would compute otherwise -> whether this model does so."""
        rope, config = self.rope, self.config
        window, total = self.lacking_window, self.heads * self.head_width
        return {
            "is quantised": config.get("quantization_config") is not None,
            f"scales its positions by {rope.scaling!r}": rope.scaling not in self.scalings,
            f"has settings of {rope.scaling!r} that llama.cpp lacks": rope.is_beyond_llama_cpp,
            "attends in a sliding window": window is not None and window < config["max_position_embeddings"],
            f"uses the activation {config.get(self.activation_key)!r}": config.get(
                self.activation_key, self.activation
            )
            != self.activation,
            "rotates only a part of each head": not self.rotates_parts and rope.partial != 1.0,
            f"has heads of {total} values in all, not of its width {self.width}": self.is_square
            and total != self.width,
            "adds biases": any(
                self.has_bias(name) and not name.startswith(self.biased) for name in self.matrices()
            ),
            "has a head of its own": self.must_tie and not self.is_tied,
            "has no head of its own": self.must_untie and self.is_tied,
        }

    def require_plain(self) -> None:
        """Raise UserError for a model that would convert without an error and then answer differently.

        Raises KeyError, TypeError or ValueError for settings that are incomplete.
        """
        self.tables()
        for problem, present in self.problems().items():
            if present:
                raise UserError(
                    f"The model {problem}, which Orca Desk cannot write into a GGUF file.",
                    "Choose a GGUF file of the model as the student, if there is one: it is trained as "
                    "llama.cpp computes it.",
                )

    def describe(self, writer: gguf.GGUFWriter) -> None:
        """Add the hyperparameters to a GGUF file.

        Raises UserError for a setting that llama.cpp's graph of that architecture does not have.
        """
        self.require_plain()
        writer.add_vocab_size(self.vocabulary)
        writer.add_context_length(require(self.config, "max_position_embeddings"))
        writer.add_embedding_length(self.width)
        writer.add_block_count(self.blocks)
        writer.add_feed_forward_length(self.hidden)
        writer.add_head_count(self.heads)
        writer.add_head_count_kv(self.kv_heads)
        writer.add_key_length(self.head_width)
        writer.add_value_length(self.head_width)
        writer.add_rope_dimension_count(self.rotated)
        writer.add_layer_norm_rms_eps(float(self.config.get("rms_norm_eps", 1e-6)))
        describe_rope(self.rope, writer)
        self.describe_more(writer)

    def describe_more(self, writer: gguf.GGUFWriter) -> None:
        """Add the keys that only this architecture has."""

    # From GGUF keys to config.json

    @classmethod
    def config_of(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return config.json's content for the model in a GGUF file. Raises UserError for what it lacks."""
        llm, attention = gguf.Keys.LLM, gguf.Keys.Attention
        embedding = keys.tensors.get("token_embd.weight")
        if embedding is None:
            raise UserError("The GGUF file has no token_embd.weight.", "Download the model again.")
        width, heads = keys.whole(llm.EMBEDDING_LENGTH), keys.whole(attention.HEAD_COUNT)
        if not heads or not width:
            raise UserError("The GGUF file claims a model without width.", "Download the model again.")
        head = keys.whole(attention.KEY_LENGTH, width // heads)
        config: dict[str, Any] = {
            "architectures": [cls.class_name],
            "model_type": cls.model_type,
            "vocab_size": embedding.shape[0],
            "hidden_size": width,
            "intermediate_size": keys.whole(llm.FEED_FORWARD_LENGTH),
            "num_hidden_layers": keys.whole(llm.BLOCK_COUNT),
            "num_attention_heads": heads,
            "num_key_value_heads": keys.whole(attention.HEAD_COUNT_KV, heads),
            "head_dim": head,
            "max_position_embeddings": keys.whole(llm.CONTEXT_LENGTH),
            "rms_norm_eps": shortest(keys.number(attention.LAYERNORM_RMS_EPS)),
            cls.activation_key: cls.activation,
            "tie_word_embeddings": "output.weight" not in keys.tensors,
            "attention_bias": "blk.0.attn_q.bias" in keys.tensors,
            "mlp_bias": "blk.0.ffn_up.bias" in keys.tensors,
        }
        rotated = keys.whole(gguf.Keys.Rope.DIMENSION_COUNT, head)
        if rotated != head:
            config["partial_rotary_factor"] = _share(rotated, head)
        config |= cls.config_rope(keys, rotated)
        return config | cls.config_more(keys)

    @classmethod
    def config_rope(cls, keys: GgufKeys, rotated: int) -> dict[str, Any]:
        """Return config.json's keys of the rotary embedding, as newer and as older programs read them."""
        settings = rope_settings(keys, rotated)
        return {"rope_theta": settings["rope_theta"], "rope_parameters": settings} | older_settings(settings)

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return config.json's keys that only this architecture has, or that it writes otherwise."""
        return {}


def _share(part: int, whole: int) -> float:
    """Return the fraction of which `whole` has exactly `part`: transformers rounds the product down."""
    share = part / whole
    return share if int(whole * share) == part else math.nextafter(share, 1.0)


def _swap(values: Floats, heads: int, split: tuple[int, int, int], tensor: str) -> Floats:
    """Split rows into heads and halves or pairs, and exchange those: each undoes the other."""
    if values.shape[0] % (2 * heads):
        raise UserError(
            f"The {values.shape[0]} rows of {tensor} are not {heads} heads.", "Download the model again."
        )
    return values.reshape(*split, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
