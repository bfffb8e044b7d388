"""llama and mistral: the same graph, whose rotary embedding pairs neighbours in llama.cpp."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family


class Llama(Family):
    """Llama 2 and 3, SmolLM 1 and 2, TinyLlama and others of their architecture."""

    model_type = "llama"
    class_name = "LlamaForCausalLM"
    architecture = gguf.MODEL_ARCH.LLAMA
    interleaves = True
    biased = ("self_attn", "mlp")
    scalings: ClassVar[frozenset[str]] = Family.scalings | {"llama3"}


class Mistral(Llama):
    """Mistral 7B and others of its architecture, without a sliding window, which llama.cpp lacks for it."""

    model_type = "mistral"
    class_name = "MistralForCausalLM"
    defaults: ClassVar[dict[str, Any]] = {"num_key_value_heads": 8, "sliding_window": 4096}
