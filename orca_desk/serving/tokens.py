"""`/tokenize`, `/detokenize` and `/tokenizer_info`, as vLLM has them: `lm-eval` then needs no tokenizer."""

import asyncio
from typing import Any

from orca_desk.serving.fields import Fields
from orca_desk.serving.refusals import ApiError
from orca_desk.serving.served import ServedModel


async def tokenize(model: ServedModel, fields: Fields) -> dict[str, Any]:
    """Return the ids of a text."""
    text = fields.text("prompt")
    special = True if fields.any("add_special_tokens") is None else fields.flag("add_special_tokens")
    ids = await asyncio.to_thread(model.encode, text, adds_special=special)
    return {"tokens": list(ids), "count": len(ids), "max_model_len": model.engine.context}


async def detokenize(model: ServedModel, fields: Fields) -> dict[str, Any]:
    """Return the text of ids, control tokens by name. Raises ApiError for unknown ids."""
    ids = fields.any("tokens")
    size = model.engine.tokenizer.size
    if not isinstance(ids, list) or not all(type(token) is int and 0 <= token < size for token in ids):
        raise ApiError(f"The parameter 'tokens' must be a list of ids below {size:,}.", param="tokens")
    return {"prompt": await asyncio.to_thread(model.engine.tokenizer.decode, ids, control=True)}


def tokenizer_info(model: ServedModel) -> dict[str, Any]:
    """Describe the tokenizer."""
    tokenizer = model.engine.tokenizer
    return {
        "bos_token": tokenizer.bos or None,
        "eos_token": tokenizer.eos or None,
        "chat_template": tokenizer.chat_template,
    }
