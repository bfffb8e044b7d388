"""How a byte-level BPE splits text before it merges: each way has a name in llama.cpp, and rules elsewhere.

The rules of a name are the regular expressions that are applied in turn, each to the pieces that the ones
before it left. A name that is missing here stands for rules that tokenizer.json cannot express.
"""

from dataclasses import dataclass

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_QWEN2 = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + _REST
_LLAMA3 = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + _REST
_QWEN35 = (
    _CONTRACTIONS
    + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    + r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SEED_CODER = (
    _CONTRACTIONS
    + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}"
    + r"| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# llama.cpp tells capitals from small letters only in ASCII, and these are its rules, not the publishers'.
_NOT_SMALL, _NOT_CAPITAL = r"(?:(?=\p{L})[^a-z])", r"(?:(?=\p{L})[^A-Z])"
_SLASH_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_NOT_SMALL}*{_NOT_CAPITAL}+"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_NOT_SMALL}+{_NOT_CAPITAL}*|\p{{N}}" + _SLASH_REST
)
_ASCII_CONTRACTIONS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?"
_GPT4O = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_NOT_SMALL}*{_NOT_CAPITAL}+{_ASCII_CONTRACTIONS}"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{_NOT_SMALL}+{_NOT_CAPITAL}*{_ASCII_CONTRACTIONS}"
    r"|\p{N}{1,3}" + _SLASH_REST
)
_DEFAULT = (r"[\p{P}\$\+<=>\^~\|]+", _GPT2, r"\p{N}+", r"[0-9][0-9][0-9]")
_CASES = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"  # in the publishers' rules
DIGIT = r"\p{N}"
WORDS = _GPT2  # what the ByteLevel step of tokenizer.json splits by


@dataclass(frozen=True, kw_only=True)
class PreTokenizer:
    """One way to split text.

    `whole_words` says that a piece which is a token is not taken apart, `composes` that the text is composed
    (NFC) first; llama.cpp leaves that to its caller. `names` are llama.cpp's; files get the first.
    """

    names: tuple[str, ...]
    splits: tuple[str, ...]
    whole_words: bool = False
    composes: bool = False
    adds_bos: bool = False  # unless the file says otherwise


PRE_TOKENIZERS = (
    PreTokenizer(
        names=(
            "gpt-2",
            "phi-2",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "granite-docling",
            "gigachat",
            "a.x-4.0",
            "mellum",
            "exaone4",
        ),
        splits=(_GPT2,),
    ),
    PreTokenizer(
        names=(
            "smollm",
            "starcoder",
            "refact",
            "command-r",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ),
        splits=(DIGIT, _GPT2),
    ),
    PreTokenizer(names=("qwen2",), splits=(_QWEN2,), composes=True),
    PreTokenizer(
        names=("deepseek-r1-qwen", "stablelm2", "kormo", "megrez", "hunyuan", "solar-open", "grok-2"),
        splits=(_QWEN2,),
    ),
    PreTokenizer(names=("qwen35",), splits=(_QWEN35,), composes=True),
    PreTokenizer(
        names=("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"),
        splits=(_LLAMA3,),
        whole_words=True,
        adds_bos=True,
    ),
    PreTokenizer(names=("smaug-bpe", "dbrx"), splits=(_LLAMA3,)),
    PreTokenizer(names=("seed-coder",), splits=(_SEED_CODER,)),
    PreTokenizer(names=("tekken",), splits=(_TEKKEN,), whole_words=True, adds_bos=True),
    PreTokenizer(names=("gpt-4o", "llama4", "kanana2"), splits=(_GPT4O,)),
    PreTokenizer(names=("default", ""), splits=_DEFAULT),
)


def known_names() -> list[str]:
    """Return the names of all that can be used, in order."""
    return sorted(one.names[0] for one in PRE_TOKENIZERS)


def named(name: str) -> PreTokenizer | None:
    """Return the way to split that llama.cpp knows by `name`; None for one that cannot be expressed."""
    return next((one for one in PRE_TOKENIZERS if name in one.names), None)


def that_splits(splits: tuple[str, ...], *, whole_words: bool, composes: bool) -> PreTokenizer | None:
    """Return the way to split with these rules; None if llama.cpp has none."""
    wanted = (splits, whole_words, composes)
    return next(
        (one for one in PRE_TOKENIZERS if (one.splits, one.whole_words, one.composes) == wanted), None
    )


def differs_in_case(splits: tuple[str, ...]) -> bool:
    """Return whether the rules tell capitals from small letters in all scripts, as llama.cpp cannot."""
    return any(_CASES in split for split in splits)
