"""A tokenizer as GGUF files hold it: read from tokenizer.json or from another GGUF file, and written.

There are two kinds: byte-level BPE ("gpt2"), and SentencePiece's BPE over characters, with bytes for those
that have no token ("llama").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from orca_desk.errors import UserError
from orca_desk.models.chat_template import read_chat_template, template_of_header
from orca_desk.models.config import read_json
from orca_desk.models.gguf_header import Header, read_header
from orca_desk.prompts.tokenizer import CONTROL_NAMES, END_NAMES
from orca_desk.student import pre_tokenizers, sentencepiece
from orca_desk.student.gguf_reading import damaged
from orca_desk.student.pre_tokenizers import DIGIT, WORDS, PreTokenizer

BYTE_LEVEL, SENTENCEPIECE = "gpt2", "llama"  # llama.cpp's names
_KEYS = gguf.Keys.Tokenizer
ARRAYS = (_KEYS.LIST, _KEYS.TOKEN_TYPE, _KEYS.MERGES, _KEYS.SCORES)
_SPECIAL = {
    "bos": _KEYS.BOS_ID,
    "eos": _KEYS.EOS_ID,
    "eot": _KEYS.EOT_ID,
    "eom": _KEYS.EOM_ID,
    "unk": _KEYS.UNK_ID,
    "pad": _KEYS.PAD_ID,
}
_PHI = re.compile(r"(phi)-?3", re.IGNORECASE)
NEVER_STRIP = frozenset({"<unk>", "<s>", "<|endoftext|>"})  # also in such a model
_OF_PHI = NEVER_STRIP | {"</s>"}  # llama.cpp opens no phi-3 model without them
_SENTENCEPIECE_IDS = {"bos": 1, "eos": 2, "unk": 0}  # where the file names none


@dataclass(frozen=True, kw_only=True)
class TokenizerKeys:
    """A tokenizer as llama.cpp needs it. `tokens[i]` has the id i.

    A byte-level one (`model` "gpt2") has `merges`, in the order in which they are made; `pre` is llama.cpp's
    name for how it splits text. One of SentencePiece ("llama") has a score per token instead: of all pairs
    whose union is a token, the one with the highest score is joined first. `space_prefix` says that a text
    begins with a space that is not in it, `strips` that control tokens swallow the white space behind them.
    """

    model: str
    pre: str
    tokens: tuple[str, ...]
    types: tuple[gguf.TokenType, ...]
    merges: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    special: dict[str, int]  # "bos", "eos", "eot", "eom", "pad", "unk" -> id
    add_bos: bool
    space_prefix: bool = False
    strips: bool = False
    chat_template: str | None

    def model_name(self, name: str) -> str:
        """Return `name`, changed where llama.cpp would read text in another way because of it."""
        return name_that_strips(name, strips=self.strips)

    def describe(self, writer: gguf.GGUFWriter) -> None:
        """Add the keys to a GGUF file."""
        writer.add_tokenizer_model(self.model)
        writer.add_tokenizer_pre(self.pre)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.types)
        if self.model == SENTENCEPIECE:
            writer.add_token_scores(self.scores)
            writer.add_add_space_prefix(self.space_prefix)
        else:
            writer.add_token_merges(self.merges)
        for name, token in self.special.items():
            getattr(writer, f"add_{name}_token_id")(token)
        writer.add_add_bos_token(self.add_bos)
        if self.chat_template:
            writer.add_chat_template(self.chat_template)


def read_tokenizer(folder: Path, vocabulary: int) -> TokenizerKeys:
    """Read tokenizer.json and its companions for a model of `vocabulary` rows.

    Fills rows without a token with unused ones. Raises UserError for a tokenizer that llama.cpp would read
    text with otherwise, or that has more tokens than rows.
    """
    tokenizer = read_json(folder / "tokenizer.json")
    settings = _read_if_any(folder / "tokenizer_config.json")
    with damaged(folder / "tokenizer.json or tokenizer_config.json"):
        return _keys(folder, tokenizer, settings, vocabulary)


def read_gguf_tokenizer(files: tuple[Path, ...]) -> TokenizerKeys:
    """Read the tokenizer of a GGUF model, which is in the first of its `files`.

    Raises UserError for a damaged one, and for one that tokenizer.json cannot express.
    """
    header = read_header(files[0], keep=ARRAYS)
    with damaged(files[0]):
        return _keys_of_header(files[0], header)


def name_that_strips(name: str, *, strips: bool) -> str:
    """Return a model's name by which llama.cpp lets control tokens swallow white space, or not.

    It goes by the names of phi-3 models, and no key of the file says so.
    """
    if strips and not _name_strips(name):
        return f"{name} (Phi-3)"
    return name if strips else _PHI.sub(r"\1 3", name)


def _name_strips(name: str) -> bool:
    return _PHI.search(name) is not None


def why_not_usable(header: Header) -> str:
    """Return why the tokenizer of a GGUF file, by its header, has no equal in tokenizer.json; or nothing."""
    model, pre = header.text(_KEYS.MODEL), header.text(_KEYS.PRE)
    if model == SENTENCEPIECE:
        return ""
    if model != BYTE_LEVEL:
        return f"its tokenizer is of the type {model or 'none'}"
    return "" if pre_tokenizers.named(pre) else f"it splits text in the way {pre!r}"


def _keys(
    folder: Path, tokenizer: dict[str, Any], settings: dict[str, Any], vocabulary: int
) -> TokenizerKeys:
    model = tokenizer["model"]
    if model.get("type") != "BPE":
        raise _no_equal(folder, f"it is of the type {model.get('type')}, not BPE")
    added = {int(token["id"]): token for token in tokenizer.get("added_tokens") or []}
    by_text = {**model["vocab"], **{token["content"]: number for number, token in added.items()}}
    template = read_chat_template(folder)
    tokens, types = _vocabulary(folder, by_text, added, vocabulary)
    merges = tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"])
    if not all(isinstance(text, str) for text in tokens):
        raise TypeError("a token is not a text")
    special = _special(folder, settings, by_text, template or "")
    add_bos = _adds_bos(tokenizer, settings, _text(settings.get("bos_token")))
    strips = _strips(folder, added, template or "")
    if model.get("byte_fallback"):
        prefix = _space_prefix(folder, tokenizer)
        written = [token for token in added.values() if token["content"] in (template or "")]
        if prefix and any(token.get("normalized") for token in written):
            raise _no_equal(folder, "it looks for control tokens after it has put a space before the text")
        if reason := sentencepiece.why_different(tokens, types, model):
            raise _no_equal(folder, reason)
        return TokenizerKeys(
            model=SENTENCEPIECE,
            pre="default",
            tokens=tokens,
            types=sentencepiece.with_bytes(tokens, types),
            scores=sentencepiece.scores(tokens, model["merges"]),
            special=special,
            add_bos=add_bos,
            space_prefix=prefix,
            strips=strips,
            chat_template=template,
        )
    return TokenizerKeys(
        model=BYTE_LEVEL,
        pre=_pre_tokenizer(folder, tokenizer).names[0],
        tokens=tokens,
        types=types,
        merges=merges,
        special=special,
        add_bos=add_bos,
        strips=strips,
        chat_template=template,
    )


def _keys_of_header(file: Path, header: Header) -> TokenizerKeys:
    if reason := why_not_usable(header):
        raise _no_equal(file, reason)
    model, arrays = header.text(_KEYS.MODEL), header.arrays
    for key in (_KEYS.LIST, _KEYS.SCORES if model == SENTENCEPIECE else _KEYS.MERGES):
        if key not in arrays:
            raise UserError(f"{file} lacks the list {key}.", "Download or export it again.")
    tokens = tuple(str(text) or f"[EMPTY_{place}]" for place, text in enumerate(arrays[_KEYS.LIST]))
    if len(set(tokens)) < len(tokens) or not tokens:
        raise UserError(f"{file} names a token twice, or none.", "Download or export it again.")
    kinds = [int(kind) for kind in arrays.get(_KEYS.TOKEN_TYPE) or [1] * len(tokens)]
    scores = tuple(float(score) for score in arrays[_KEYS.SCORES]) if model == SENTENCEPIECE else ()
    if len(kinds) < len(tokens) or (model == SENTENCEPIECE and len(scores) < len(tokens)):
        raise UserError(f"{file} lacks the types or scores of its tokens.", "Download or export it again.")
    pre = pre_tokenizers.named(header.text(_KEYS.PRE)) if model == BYTE_LEVEL else None
    adds_bos = pre.adds_bos if pre else True
    add_bos = header.metadata.get(_KEYS.ADD_BOS, adds_bos)
    prefix = header.metadata.get(_KEYS.ADD_PREFIX, model == SENTENCEPIECE)
    return TokenizerKeys(
        model=model,
        pre=pre.names[0] if pre else "default",
        tokens=tokens,
        types=_types_in_llama(tokens, kinds),
        merges=tuple(str(merge) for merge in arrays[_KEYS.MERGES]) if pre else (),
        scores=scores,
        special=_special_of_header(file, header, tokens),
        add_bos=add_bos is True,
        space_prefix=prefix is True,
        strips=_name_strips(header.text(gguf.Keys.General.NAME)),
        chat_template=template_of_header(header),
    )


def _types_in_llama(tokens: tuple[str, ...], kinds: list[int]) -> tuple[gguf.TokenType, ...]:
    """Return the types that llama.cpp gives the tokens when it loads the file."""
    known = {int(each) for each in gguf.TokenType}
    return tuple(
        gguf.TokenType.CONTROL
        if text in CONTROL_NAMES
        else gguf.TokenType(kind if kind in known else gguf.TokenType.UNUSED)
        for text, kind in zip(tokens, kinds, strict=False)
    )


def _special_of_header(file: Path, header: Header, tokens: tuple[str, ...]) -> dict[str, int]:
    special = dict(_SENTENCEPIECE_IDS) if header.text(_KEYS.MODEL) == SENTENCEPIECE else {}
    special |= {name: header.number(key) for name, key in _SPECIAL.items() if key in header.metadata}
    special = {name: number for name, number in special.items() if 0 <= number < len(tokens)}
    if "eos" not in special:
        ends = [place for place, text in enumerate(tokens) if text in END_NAMES]
        if not ends:
            raise UserError(f"{file} names no end-of-text token.", "Choose a file made by the publisher.")
        special["eos"] = ends[0]
    return special


def _no_equal(path: Path, reason: str) -> UserError:
    return UserError(
        f"The tokenizer in {path} has no equivalent in the other library: {reason}.",
        "Orca Desk trains only where torch and llama.cpp read a text as the same tokens: "
        "choose another model, or another file of this one.",
    )


def _strips(folder: Path, added: dict[int, dict[str, Any]], template: str) -> bool:
    """Return whether the template's control tokens swallow white space behind them, as those of phi-3 do.

    Raises UserError for another use of these settings, which llama.cpp does not have.
    """
    used = [token for token in added.values() if token["content"] in template]
    if odd := next((one for one in used if one.get("lstrip") or one.get("single_word")), None):
        raise _no_equal(folder, f"{odd['content']} swallows what stands before it, or stands alone")
    stripping = [bool(one.get("rstrip")) for one in used if one["content"] not in NEVER_STRIP]
    if any(stripping) and not all(stripping):
        raise _no_equal(folder, "some of its control tokens swallow white space, and some do not")
    if lacking := sorted(_OF_PHI - {one["content"] for one in added.values()}) if any(stripping) else []:
        raise _no_equal(folder, f"its control tokens swallow white space, and it has no {lacking[0]}")
    return any(stripping)


def _space_prefix(folder: Path, tokenizer: dict[str, Any]) -> bool:
    """Return whether a text gets a space before it. Raises UserError where llama.cpp reads spaces otherwise.

    llama.cpp writes a space as U+2581, and puts the prefix before every text that follows a control token.
    """
    steps = _steps(tokenizer.get("normalizer"), "normalizers")
    steps += _steps(tokenizer.get("pre_tokenizer"), "pretokenizers")
    prefix, replaces = False, False
    for step in steps:
        match step:
            case {"type": "Prepend", "prepend": sentencepiece.SPACE}:
                prefix = True
            case {"type": "Replace", "pattern": {"String": " "}, "content": sentencepiece.SPACE}:
                replaces = True
            # Without a single space left it splits nothing.
            case {"type": "Split", "pattern": {"String": " "}} if replaces:
                pass
            case {"type": "Metaspace", "replacement": sentencepiece.SPACE, "split": False}:
                replaces = True
                if step.get("prepend_scheme", "always") == "always":
                    raise _no_equal(folder, "it puts a space before a text unless there is one")
            case _:
                raise _no_equal(folder, f"it has the step {step.get('type')}")
    if not replaces:
        raise _no_equal(folder, "it does not write spaces as U+2581")
    return prefix


def _pre_tokenizer(folder: Path, tokenizer: dict[str, Any]) -> PreTokenizer:
    model = tokenizer["model"]
    normalizers = {step["type"] for step in _steps(tokenizer.get("normalizer"), "normalizers")}
    if normalizers - {"NFC"}:
        raise _no_equal(folder, f"it has the step {min(normalizers - {'NFC'})}")
    splits = tuple(_splits(_steps(tokenizer.get("pre_tokenizer"), "pretokenizers")))
    whole_words = bool(model.get("ignore_merges"))
    found = pre_tokenizers.that_splits(splits, whole_words=whole_words, composes="NFC" in normalizers)
    if found is None and pre_tokenizers.differs_in_case(splits):
        raise UserError(
            f"llama.cpp splits text otherwise than {folder / 'tokenizer.json'} says: it tells capitals from "
            "small letters only in ASCII.",
            "Choose a GGUF file of this model as the student: training then reads text as llama.cpp does.",
        )
    if found is None:
        raise UserError(
            f"llama.cpp has no pre-tokenizer like that of {folder / 'tokenizer.json'}.",
            "Use a GGUF file made by the model's publisher, or a model with the pre-tokenizer of "
            f"{', '.join(pre_tokenizers.known_names())}.",
        )
    return found


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
                yield DIGIT
            case {"type": "ByteLevel", "add_prefix_space": False}:
                if step.get("use_regex", True):
                    yield WORDS
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
        control = token.get("special") or token["content"] in CONTROL_NAMES
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
