"""Every pre-tokenizer that can be written gives llama.cpp the ids that `tokenizers` gives."""

import json
import random
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from tiny_models import TEXT, TinyModel, TinyShape, make_tiny
from tiny_sentencepiece import write_tokenizer
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from orca_desk.errors import UserError
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


PUBLISHED_GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"splits": (PUBLISHED_GPT4O,)}, "capitals from small letters only in ASCII"),
        ({"splits": (r"\w+",)}, "has no pre-tokenizer like that"),
        ({"normalizer": {"type": "Lowercase"}}, "it has the step Lowercase"),
        ({"type": "Unigram"}, "it is of the type Unigram, not BPE"),
        ({"byte_fallback": True}, "it has the step Split"),
    ],
    ids=["capitals", "split", "normalizer", "unigram", "fallback"],
)
def test_what_llama_cpp_reads_otherwise_is_refused(
    tiny_llama: TinyModel, tmp_path: Path, change, sentence
) -> None:
    shutil.copytree(tiny_llama.folder, tmp_path / "student")
    kind = PreTokenizer(names=("none",), splits=change.pop("splits", PRE_TOKENIZERS[0].splits))
    definition = json.loads(train(kind).to_str())
    definition |= {key: value for key, value in change.items() if key in definition}
    definition["model"] |= {key: value for key, value in change.items() if key in definition["model"]}
    (tmp_path / "student" / "tokenizer.json").write_text(json.dumps(definition))
    with pytest.raises(UserError, match=sentence):
        write_gguf(tmp_path / "student", tmp_path / "model.gguf")


def part_pairs(merges: list[list[str]]) -> None:
    """Put one of two pairs that make the same token before all others."""
    place = next(n for n in range(2, len(merges)) if "".join(merges[n]) == "".join(merges[n - 1]))
    merges.insert(0, merges.pop(place))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda one: one["model"]["merges"].pop(40), "no merge joins"),
        (lambda one: part_pairs(one["model"]["merges"]), "do not follow each other"),
        (lambda one: one["model"]["vocab"].pop("<0x41>"), "1 of the 256 bytes have no token"),
        (lambda one: one["model"].update(ignore_merges=True), "whole words before any merge"),
        (lambda one: one.update(normalizer=None), "does not write spaces as U\\+2581"),
        (lambda one: one["added_tokens"][2].update(lstrip=True), "swallows what stands before it"),
        (lambda one: one["added_tokens"][2].update(rstrip=True), "some of its control tokens swallow"),
        (lambda one: one["added_tokens"][2].update(normalized=True), "looks for control tokens after"),
    ],
    ids=["missing", "order", "byte", "words", "spaces", "lstrip", "rstrip", "normalized"],
)
def test_a_sentencepiece_tokenizer_that_would_differ_is_refused(
    tiny_llama: TinyModel, tmp_path: Path, change, sentence
) -> None:
    made = make_tiny(tmp_path / "student", "llama", shape=TinyShape(vocab=700))
    write_tokenizer(made.folder, "llama")
    file = made.folder / "tokenizer.json"
    definition = json.loads(file.read_text())
    change(definition)
    file.write_text(json.dumps(definition))
    with pytest.raises(UserError, match=sentence):
        write_gguf(made.folder, made.gguf)
