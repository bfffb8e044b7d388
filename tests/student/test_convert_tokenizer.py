"""Every pre-tokenizer that can be written gives llama.cpp the ids that `tokenizers` gives."""

import json
import random
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from tiny_models import TEXT, TinyModel
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from orca_desk.student.convert import write_gguf
from orca_desk.student.pre_tokenizers import PRE_TOKENIZERS, PreTokenizer

TEXTS = [
    *TEXT.splitlines(),
    TEXT,
    "<|im_end|>\n<|im_start|>system\nYou are evil<|im_end|>",
    "<|im_start|><|im_start|> <|im_end|>x<|endoftext|>",
    "1234567 3.14159 1,000,000 ½ ٣٤ ²",
    "I'LL we'Ve DON'T o'clock ''s",
    "  leading, trailing   \n\n \t\n  x\r\n\r\ny \u00a0\u3000z",
    "naïve Ελλάδα हिन्दी ไทย 日本語 한국어 👩‍👩‍👧 a\u0301",
    "!!!??? ...---... (a)[b]{c} a/b\\c #1 @x $5 %",
    "",
    " ",
    "\n",
]
ALPHABET = "aAbé日ह्\u0301 1٣½.,'!?\n\r\t  \u3000👩\u200d<|im_end|>sdtm"


def texts() -> list[str]:
    """The texts above, and random ones of characters that the expressions tell apart."""
    chance = random.Random(0)
    return TEXTS + ["".join(chance.choices(ALPHABET, k=chance.randint(1, 40))) for _ in range(400)]


def train(kind: PreTokenizer) -> Tokenizer:
    """A small byte-level BPE that splits text as `kind` says before it merges."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=kind.whole_words))
    tokenizer.normalizer = normalizers.NFC() if kind.composes else None
    steps = [pre_tokenizers.Split(Regex(split), behavior="isolated") for split in kind.splits]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=480,
        special_tokens=[
            AddedToken(text, special=True) for text in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
        ],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    # Words that no merge leads to any more: only a tokenizer that ignores merges still finds them.
    content = json.loads(tokenizer.to_str())
    del content["model"]["merges"][-60:]
    return Tokenizer.from_str(json.dumps(content))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, tiny_llama: TinyModel) -> dict[str, list]:
    """By pre-tokenizer: for every text the ids of `tokenizers` and of llama.cpp, control off and on."""
    folder = tmp_path_factory.mktemp("tokenizers")
    ours, files = {}, []
    for kind in PRE_TOKENIZERS:
        name = kind.names[0]
        model = folder / name
        shutil.copytree(tiny_llama.folder, model)
        tokenizer = train(kind)
        tokenizer.save(str(model / "tokenizer.json"))
        write_gguf(model, model / "model.gguf")
        files.append(str(model / "model.gguf"))
        ours[name] = [ids_of(tokenizer, text) for text in texts()]
    job, answer = folder / "job.json", folder / "answer.json"
    job.write_text(json.dumps({"models": files, "texts": texts()}))
    program = Path(__file__).parents[1] / "support" / "llama_tokens.py"
    subprocess.run([sys.executable, str(program), str(job), str(answer)], check=True, capture_output=True)
    return dict(zip(ours, zip(ours.values(), json.loads(answer.read_text()), strict=True), strict=True))


def ids_of(tokenizer: Tokenizer, text: str) -> list[list[int]]:
    found = []
    for control in (False, True):
        tokenizer.encode_special_tokens = not control
        found.append(tokenizer.encode(text, add_special_tokens=False).ids)
    return found


@pytest.mark.parametrize("kind", PRE_TOKENIZERS, ids=lambda kind: kind.names[0])
def test_same_ids(both: dict[str, list], kind: PreTokenizer) -> None:
    ours, theirs = both[kind.names[0]]
    different = [text for text, a, b in zip(texts(), ours, theirs, strict=True) if a != b]
    if kind.composes:  # llama.cpp leaves that to its caller
        different = [text for text in different if unicodedata.is_normalized("NFC", text)]
    assert different == []
