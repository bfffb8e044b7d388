"""granite (Granite 3 and 4 dense): llama's block with four multipliers."""

from typing import Any, ClassVar

import gguf

from orca_desk.student.families.family import Family
from orca_desk.student.families.keys import GgufKeys, shortest

# The setting in config.json -> the key, and what both take where neither names it.
_MULTIPLIERS = {
    "embedding_multiplier": gguf.Keys.LLM.EMBEDDING_SCALE,
    "residual_multiplier": gguf.Keys.LLM.RESIDUAL_SCALE,
    "attention_multiplier": gguf.Keys.Attention.SCALE,
    "logits_scaling": gguf.Keys.LLM.LOGIT_SCALE,
}


class Granite(Family):
    """The embedding, what is added to the residual, the attention and the logits are scaled."""

    model_type = "granite"
    class_name = "GraniteForCausalLM"
    architecture = gguf.MODEL_ARCH.GRANITE
    interleaves = True
    biased = ("self_attn", "mlp")
    scalings: ClassVar[frozenset[str]] = Family.scalings | {"llama3"}

    def describe_more(self, writer: gguf.GGUFWriter) -> None:
        """Add the multipliers."""
        writer.add_embedding_scale(self._multiplier("embedding_multiplier"))
        writer.add_residual_scale(self._multiplier("residual_multiplier"))
        writer.add_attention_scale(self._multiplier("attention_multiplier"))
        writer.add_logit_scale(self._multiplier("logits_scaling"))

    def problems(self) -> dict[str, bool]:
        """Return what llama.cpp would compute otherwise -> whether this model does so."""
        return super().problems() | {
            f"has a {name} of 0": self._multiplier(name) == 0.0 for name in _MULTIPLIERS
        }

    def _multiplier(self, name: str) -> float:
        value = self.config.get(name)
        return 1.0 if value is None else float(value)

    @classmethod
    def config_more(cls, keys: GgufKeys) -> dict[str, Any]:
        """Return the multipliers; llama.cpp takes 0 for none, and the attention's from the head's width."""
        found = {name: shortest(keys.number(key, 0.0)) for name, key in _MULTIPLIERS.items()}
        width, heads = keys.whole(gguf.Keys.LLM.EMBEDDING_LENGTH), keys.whole(gguf.Keys.Attention.HEAD_COUNT)
        head = keys.whole(gguf.Keys.Attention.KEY_LENGTH, width // heads)
        usual = dict.fromkeys(found, 1.0) | {"attention_multiplier": head**-0.5}
        return {name: value or usual[name] for name, value in found.items()}
