"""Writes a byte-level BPE tokenizer as GGUF keys, so that llama.cpp produces the same token ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from orca_desk.errors import UserError
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.config import read_json
from orca_desk.student.gguf_names import damaged

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_QWEN2 = _CONTRACTIONS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + _REST
_LLAMA3 = _CONTRACTIONS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + _REST
_QWEN35 = (
    _CONTRACTIONS
    + r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    + r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_DIGIT = r"\p{N}"

# The splits that a tokenizer.json applies in turn, and whether a whole word in the vocabulary goes before any
# merge -> llama.cpp's name for the same.
PRE_TOKENIZERS: dict[tuple[tuple[str, ...], bool], str] = {
    ((_GPT2,), False): "gpt-2",
    ((_DIGIT, _GPT2), False): "smollm",
    ((_QWEN2,), False): "qwen2",
    ((_QWEN35,), False): "qwen35",
    ((_LLAMA3,), True): "llama-bpe",
    ((_LLAMA3,), False): "smaug-bpe",
}


@dataclass(frozen=True, kw_only=True)
class TokenizerKeys:
    """A tokenizer as llama.cpp needs it. `tokens[i]` has the id i."""

    pre: str
    tokens: tuple[str, ...]
    types: tuple[gguf.TokenType, ...]
    merges: tuple[str, ...]
    special: dict[str, int]  # "bos", "eos", "eot", "eom", "pad", "unk" -> id
    add_bos: bool
    chat_template: str | None

    def describe(self, writer: gguf.GGUFWriter) -> None:
        """Add the keys to a GGUF file."""
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(self.pre)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.types)
        writer.add_token_merges(self.merges)
        for name, token in self.special.items():
            getattr(writer, f"add_{name}_token_id")(token)
        writer.add_add_bos_token(self.add_bos)
        if self.chat_template:
            writer.add_chat_template(self.chat_template)


def read_tokenizer(folder: Path, vocabulary: int) -> TokenizerKeys:
    """Read tokenizer.json and its companions for a model of `vocabulary` rows.

    Fills rows without a token with unused ones. Raises UserError for a tokenizer that is not a byte-level
    BPE, whose pre-tokenizer llama.cpp lacks, or that has more tokens than rows.
    """
    tokenizer = read_json(folder / "tokenizer.json")
    settings = _read_if_any(folder / "tokenizer_config.json")
    with damaged(folder / "tokenizer.json or tokenizer_config.json"):
        return _keys(folder, tokenizer, settings, vocabulary)


def _keys(
    folder: Path, tokenizer: dict[str, Any], settings: dict[str, Any], vocabulary: int
) -> TokenizerKeys:
    _require_byte_level(folder, tokenizer)
    model = tokenizer["model"]
    added = {int(token["id"]): token for token in tokenizer.get("added_tokens") or []}
    by_text = {**model["vocab"], **{token["content"]: number for number, token in added.items()}}
    template = read_chat_template(folder)
    tokens, types = _vocabulary(folder, by_text, added, vocabulary)
    merges = tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"])
    if not all(isinstance(text, str) for text in tokens):
        raise TypeError("a token is not a text")
    return TokenizerKeys(
        pre=_pre_tokenizer(folder, tokenizer),
        tokens=tokens,
        types=types,
        merges=merges,
        special=_special(folder, settings, by_text, template or ""),
        add_bos=_adds_bos(tokenizer, settings, _text(settings.get("bos_token"))),
        chat_template=template,
    )


def _require_byte_level(folder: Path, tokenizer: dict[str, Any]) -> None:
    normalizers = {step["type"] for step in _steps(tokenizer.get("normalizer"), "normalizers")}
    model = tokenizer["model"]
    # llama.cpp normalises nothing; NFC (Qwen's) changes only text that is not composed yet.
    if model.get("type") != "BPE" or model.get("byte_fallback") or normalizers - {"NFC"}:
        raise UserError(
            f"The tokenizer in {folder} is not a byte-level BPE.",
            "Orca Desk cannot write it into a GGUF file: use one made by the model's publisher.",
        )


def _pre_tokenizer(folder: Path, tokenizer: dict[str, Any]) -> str:
    splits = tuple(_splits(_steps(tokenizer.get("pre_tokenizer"), "pretokenizers")))
    name = PRE_TOKENIZERS.get((splits, bool(tokenizer["model"].get("ignore_merges"))))
    if name is None:
        raise UserError(
            f"llama.cpp has no pre-tokenizer like that of {folder / 'tokenizer.json'}.",
            "Use a GGUF file made by the model's publisher, or a model with the pre-tokenizer of "
            f"{', '.join(sorted(PRE_TOKENIZERS.values()))}.",
        )
    return name


def _splits(steps: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the regular expressions that split text, one after another; "" for an unknown step."""
    for step in steps:
        match step:
            case {"type": "Split", "pattern": {"Regex": str(regex)}, "behavior": "Isolated"} if not step.get(
                "invert"
            ):
                yield regex
            case {"type": "Split", "pattern": {"Regex": str(regex)}, "behavior": "Removed", "invert": True}:
                yield regex
            case {"type": "Digits", "individual_digits": True}:
                yield _DIGIT
            case {"type": "ByteLevel", "add_prefix_space": False}:
                if step.get("use_regex", True):
                    yield _GPT2
            case _:
                yield ""


def _steps(part: dict[str, Any] | None, members: str) -> list[dict[str, Any]]:
    """Return a normalizer or pre-tokenizer as a list: the members of a Sequence, or itself."""
    if part is None:
        return []
    return list(part[members]) if part["type"] == "Sequence" else [part]


def _vocabulary(
    folder: Path, by_text: dict[str, int], added: dict[int, dict[str, Any]], size: int
) -> tuple[tuple[str, ...], tuple[gguf.TokenType, ...]]:
    """Return texts and types by id. llama.cpp parses control tokens on request, user-defined ones always."""
    if max(by_text.values()) >= size:
        raise UserError(
            f"The tokenizer in {folder} has ids up to {max(by_text.values())}, the model only {size} rows.",
            "The two do not belong together: download the model again.",
        )
    tokens = [f"[PAD{number}]" for number in range(size)]
    types = [gguf.TokenType.UNUSED] * size
    for text, number in by_text.items():
        tokens[number], types[number] = text, gguf.TokenType.NORMAL
    for number, token in added.items():
        control = token.get("special")
        types[number] = gguf.TokenType.CONTROL if control else gguf.TokenType.USER_DEFINED
    return tuple(tokens), tuple(types)


def _special(
    folder: Path, settings: dict[str, Any], by_text: dict[str, int], template: str
) -> dict[str, int]:
    """Return the ids of the special tokens.

    A model can end its answers with several tokens (generation_config.json): `eos` is the tokenizer's own,
    `eot` the one that ends a turn in the chat template, `eom` another one.
    """
    configs = [_read_if_any(folder / name) for name in ("generation_config.json", "config.json")]
    text_of = {number: text for text, number in by_text.items()}  # some configs say -1 for none
    declared = [n for config in configs for n in _ids(config.get("eos_token_id")) if n in text_of]
    own = by_text.get(_text(settings.get("eos_token")) or "")
    ends = list(dict.fromkeys(([] if own is None else [own]) + declared))
    if not ends:
        raise UserError(
            f"{folder} names no end-of-text token.",
            "Set eos_token in tokenizer_config.json.",
        )
    in_template = [number for number in ends if text_of[number] in template]
    special = {"eos": ends[0], "eot": in_template[0] if in_template else ends[0]}
    others = [number for number in ends if number not in special.values()]
    special |= {"eom": others[0]} if others else {}
    for name in ("bos", "pad", "unk"):
        number = by_text.get(_text(settings.get(f"{name}_token")) or "")
        fallback = [n for config in configs for n in _ids(config.get(f"{name}_token_id")) if n in text_of]
        if number is not None or fallback:
            special[name] = fallback[0] if number is None else number
    return special


def _adds_bos(tokenizer: dict[str, Any], settings: dict[str, Any], bos: str | None) -> bool:
    """Return whether the tokenizer puts the start token before a text."""
    if isinstance(settings.get("add_bos_token"), bool):
        return bool(settings["add_bos_token"])
    for step in _steps(tokenizer.get("post_processor"), "processors"):
        if step["type"] == "TemplateProcessing":
            return bool(bos) and step["single"][0].get("SpecialToken", {}).get("id") == bos
    return False


def _ids(value: Any) -> list[int]:
    if isinstance(value, list):
        return [int(number) for number in value]
    return [] if value is None else [int(value)]


def _text(token: Any) -> str | None:
    """Return a token's text, which the settings write as a string or an object."""
    return token.get("content") if isinstance(token, dict) else token


def _read_if_any(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}
