"""A tiny tokenizer of SentencePiece's kind, as tokenizer.json of a llama, gemma or phi-3 model has it."""

import json
from pathlib import Path
from typing import Any

import gguf
from tiny_models import SPECIAL, TEXT
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from orca_desk.student import sentencepiece

SPACE = "\u2581"
_CLEAN = TEXT.replace("|>", "").replace("<|", "")  # no text may pass for a control token
KINDS = ("llama", "gemma", "phi3", "mistral")


def write_tokenizer(folder: Path, kind: str, size: int = 700) -> None:
    """Write the tokenizer of a `kind` into a model's folder, in the place of the one that is there.

    llama and phi3 put a space before every text; the control tokens of phi3 swallow white space behind them.
    gemma and mistral put none before the parts of a prompt.
    """
    (folder / "tokenizer.json").write_text(json.dumps(_definition(kind, size)))


def _definition(kind: str, size: int) -> dict[str, Any]:
    trained = json.loads(_train(size).to_str())["model"]
    bytes_ = list(sentencepiece.BYTES)
    made = ["".join(pair) for pair in trained["merges"]]
    letters = [text for text in trained["vocab"] if text not in made]
    tokens = list(dict.fromkeys(["<unk>", *SPECIAL, "<s>", "</s>", *bytes_, *made, *letters, "\n\n"]))[:size]
    scores = [-float(place) for place in range(len(tokens))]
    pairs = sentencepiece.merges(tokens, scores, [gguf.TokenType.NORMAL] * len(tokens))
    replaced = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
    prefix = {"type": "Prepend", "prepend": SPACE}
    normalizers_ = {
        "llama": [prefix, replaced],
        "phi3": [prefix, replaced],
        "gemma": [replaced],
        "mistral": [],
    }
    metaspace = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "first", "split": False}
    added = [_added(tokens, text, special=True, rstrip=kind == "phi3") for text in tokens[:6]]
    added += [_added(tokens, "\n\n", special=False)] if kind == "gemma" and "\n\n" in tokens else []
    return {
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": normalizers_[kind]},
        "pre_tokenizer": metaspace if kind == "mistral" else None,
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "byte_fallback": True,
            "fuse_unk": True,
            "unk_token": "<unk>",
            "vocab": {text: place for place, text in enumerate(tokens)},
            "merges": pairs,
        },
    }


def _train(size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(f"{SPACE}+[^{SPACE}]*"), behavior="isolated")
    tokenizer.train_from_iterator(
        [_CLEAN] * 3, trainers.BpeTrainer(vocab_size=size - 270, show_progress=False)
    )
    return tokenizer


def _added(tokens: list[str], text: str, *, special: bool, rstrip: bool = False) -> dict[str, Any]:
    strips = rstrip and text not in ("<unk>", "<s>", "<|endoftext|>")
    return {
        "id": tokens.index(text),
        "content": text,
        "single_word": False,
        "lstrip": False,
        "rstrip": strips,
        "normalized": False,
        "special": special,
    }
