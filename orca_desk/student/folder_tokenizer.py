"""Writes a GGUF file's tokenizer as a Hugging Face folder holds it, so that both give the same token ids."""

import json
from pathlib import Path
from typing import Any

import gguf

from orca_desk.errors import UserError
from orca_desk.models.identify import identify
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.student import pre_tokenizers, sentencepiece
from orca_desk.student.gguf_tokenizer import NEVER_STRIP, SENTENCEPIECE, TokenizerKeys, read_gguf_tokenizer

_ENDS = ("eos", "eot", "eom")
_SPECIAL = (gguf.TokenType.CONTROL, gguf.TokenType.UNKNOWN)


def base_tokenizer(base: Path, template: str | None = None) -> HFTokenizer:
    """Return the tokenizer of a student, a folder or a GGUF file, without unpacking the file.

    `template` is used instead of the model's own. Raises UserError for a damaged one, one without a chat
    template, and one that cannot be expressed.
    """
    if base.is_dir():
        return HFTokenizer.load(base, template=template)
    keys = read_gguf_tokenizer(identify(base).files)
    own = template or keys.chat_template
    if own is None:
        raise UserError(f"{base} has no chat template.", "Use its instruction-tuned variant, which has one.")
    try:
        made = HFTokenizer(json.dumps(definition(keys)), settings(keys), own, set(ends(keys)))
    except UserError:
        raise
    except Exception as error:  # `tokenizers` raises bare Exception
        raise UserError(
            f"The tokenizer in {base} cannot be read: {error}", "Download or export it again."
        ) from error
    made.require_safe(base)
    return made


def tokenizer_files(keys: TokenizerKeys) -> dict[str, str]:
    """Return the texts of the files that hold the tokenizer in a folder, by their names."""
    generation = {"eos_token_id": ends(keys)} | {
        f"{name}_token_id": keys.special[name] for name in ("bos", "pad") if name in keys.special
    }
    files = {
        "tokenizer.json": json.dumps(definition(keys), ensure_ascii=False),
        "tokenizer_config.json": json.dumps(settings(keys), ensure_ascii=False, indent=2),
        "generation_config.json": json.dumps(generation, indent=2),
    }
    return files | ({"chat_template.jinja": keys.chat_template} if keys.chat_template else {})


def ends(keys: TokenizerKeys) -> list[int]:
    """Return the tokens that end an answer."""
    return list(dict.fromkeys(keys.special[name] for name in _ENDS if name in keys.special))


def settings(keys: TokenizerKeys) -> dict[str, Any]:
    """Return tokenizer_config.json's content."""
    names = {
        f"{name}_token": keys.tokens[keys.special[name]]
        for name in ("bos", "eos", "pad", "unk")
        if name in keys.special
    }
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "add_bos_token": keys.add_bos,
        **names,
    }


def definition(keys: TokenizerKeys) -> dict[str, Any]:
    """Return tokenizer.json's content. Raises UserError for a tokenizer that it cannot express."""
    used = [place for place, kind in enumerate(keys.types) if kind != gguf.TokenType.UNUSED]
    parts = _sentencepiece(keys) if keys.model == SENTENCEPIECE else _byte_level(keys)
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {keys.tokens[place]: place for place in used},
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(keys, place) for place in used if keys.types[place] in _ADDED],
        "normalizer": parts["normalizer"],
        "pre_tokenizer": parts["pre_tokenizer"],
        "post_processor": _starts_with_bos(keys),
        "decoder": parts["decoder"],
        "model": model | parts["model"],
    }


_ADDED = (*_SPECIAL, gguf.TokenType.USER_DEFINED)


def _added(keys: TokenizerKeys, place: int) -> dict[str, Any]:
    return {
        "id": place,
        "content": keys.tokens[place],
        "single_word": False,
        "lstrip": False,
        "rstrip": keys.strips and keys.tokens[place] not in NEVER_STRIP,
        "normalized": False,
        "special": keys.types[place] in _SPECIAL,
    }


def _byte_level(keys: TokenizerKeys) -> dict[str, Any]:
    known = pre_tokenizers.named(keys.pre)
    assert known is not None  # read_gguf_tokenizer refuses others
    steps: list[dict[str, Any]] = [
        {"type": "Split", "pattern": {"Regex": split}, "behavior": "Isolated", "invert": False}
        for split in known.splits
    ]
    bytes_of_text = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    return {
        "normalizer": {"type": "NFC"} if known.composes else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*steps, bytes_of_text]},
        "decoder": bytes_of_text | {"use_regex": True},
        "model": {"ignore_merges": known.whole_words, "merges": _listed(keys)},
    }


def _listed(keys: TokenizerKeys) -> list[list[str]]:
    """Return the merges as pairs, without those that make no token, which llama.cpp takes apart again."""
    used = {text for text, kind in zip(keys.tokens, keys.types, strict=True) if kind != gguf.TokenType.UNUSED}
    found = []
    for merge in keys.merges:
        left, _, right = merge[1:].partition(" ")
        pair = [merge[:1] + left, right]
        if all(half in used for half in (*pair, "".join(pair))):
            found.append(pair)
    return found


def _sentencepiece(keys: TokenizerKeys) -> dict[str, Any]:
    space: dict[str, Any] = {"type": "Replace", "pattern": {"String": " "}, "content": sentencepiece.SPACE}
    prefix = [{"type": "Prepend", "prepend": sentencepiece.SPACE}] if keys.space_prefix else []
    places = {text: place for place, text in enumerate(keys.tokens)}
    if sum(text in places for text in sentencepiece.BYTES) < len(sentencepiece.BYTES):
        raise UserError(
            "The tokenizer of this GGUF file has no tokens for some of the 256 bytes.",
            "Choose another file of the model, or another model.",
        )
    if reason := sentencepiece.why_incomplete(places):
        raise UserError(
            f"The tokenizer of this GGUF file cannot be expressed for torch: {reason}.",
            "Choose another file of the model, or another model.",
        )
    return {
        "normalizer": {"type": "Sequence", "normalizers": [*prefix, space]},
        "pre_tokenizer": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": sentencepiece.SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                *([{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if prefix else []),
            ],
        },
        "model": {
            "byte_fallback": True,
            "merges": sentencepiece.merges(keys.tokens, keys.scores, keys.types),
        },
    }


def _starts_with_bos(keys: TokenizerKeys) -> dict[str, Any] | None:
    if not keys.add_bos or "bos" not in keys.special:
        return None
    bos = keys.tokens[keys.special["bos"]]
    first = {"SpecialToken": {"id": bos, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [first, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [
            first,
            {"Sequence": {"id": "A", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 1}},
        ],
        "special_tokens": {bos: {"id": bos, "ids": [keys.special["bos"]], "tokens": [bos]}},
    }
