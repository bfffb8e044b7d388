"""Harmony: only the channel `final` is the answer, and <|end|> ends none."""

from pathlib import Path

import pytest
from chat_templates import HARMONY
from tiny_models import TinyModel, make_tiny

from orca_desk.prompts.harmony import HarmonyText, speaks_harmony
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.teacher.llama import LlamaModel

TOKENS = ("<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|return|>", "<|call|>")


@pytest.fixture(scope="module")
def tiny_harmony(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    folder = Path(tmp_path_factory.mktemp("tiny-harmony"))
    return make_tiny(folder, template=HARMONY, more=TOKENS)


@pytest.fixture(scope="module")
def tokenizer(tiny_harmony: TinyModel) -> HFTokenizer:
    return HFTokenizer.load(tiny_harmony.folder)


def read(tokenizer: HFTokenizer, written: str) -> str:
    """Return the text of an answer that a model wrote in these tokens."""
    text = HarmonyText(tokenizer.control)
    ids = tokenizer.encode(written, control=True)
    return b"".join(text.push(token, tokenizer.piece_bytes(token)) for token in ids).decode()


def test_the_end_of_a_message_ends_no_answer(tiny_harmony: TinyModel, tokenizer: HFTokenizer) -> None:
    assert speaks_harmony(tokenizer.control)
    ends = {tokenizer.control[token] for token in tokenizer.eos_ids}
    assert ends == {"<|return|>", "<|call|>", "<|im_end|>", "<|endoftext|>"}
    with LlamaModel(tiny_harmony.gguf) as model:
        assert model.tokenizer.eos_ids == tokenizer.eos_ids


@pytest.mark.parametrize("more", [("<|end|>",), ("<|end|>", "<|channel|>")])
def test_elsewhere_it_does(tmp_path: Path, more: tuple[str, ...]) -> None:
    phi = HFTokenizer.load(make_tiny(tmp_path, more=more).folder)
    assert "<|end|>" in {phi.control[token] for token in phi.eos_ids}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (
            "<|channel|>analysis<|message|>2+2 is 4<|end|><|start|>assistant<|channel|>final<|message|>4",
            "<think>2+2 is 4</think>\n\n4",
        ),
        ("<|channel|>final<|message|>4", "4"),
        ("<|message|>4", "4"),
        ("4", "4"),
        ("<|channel|>analysis<|message|>2+2 is", "<think>2+2 is"),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>"
            "<|start|>assistant<|channel|>final<|message|>4",
            "<think>a\nb</think>\n\n4",
        ),
        (
            "<|channel|>analysis<|message|>a<|end|>"
            "<|start|>assistant to=f<|channel|>commentary json<|message|>b",
            "<think>a\nb",
        ),
        ("<|channel|>final<|message|>4<|end|><|start|>assistant<|channel|>final<|message|>5", "4\n\n5"),
    ],
)
def test_channels_become_thoughts_and_answer(tokenizer: HFTokenizer, written: str, text: str) -> None:
    assert read(tokenizer, written) == text


def test_an_example_has_the_header_that_the_model_writes(tokenizer: HFTokenizer) -> None:
    example = Renderer(tokenizer).example("", "2+2?", "<think>Easy.</think>\n\n4")
    start = example.mask.index(True)
    assert tokenizer.decode(example.ids[:start], control=True).endswith("2+2?<|end|><|start|>assistant")
    learned = tokenizer.decode(example.ids[start:], control=True)
    assert learned == (
        "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>"
    )
    assert read(tokenizer, learned.removesuffix("<|return|>")) == "<think>Easy.</think>\n\n4"


def test_the_history_holds_answers_alone(tokenizer: HFTokenizer) -> None:
    turns = [
        Message("user", "2+2?"),
        Message("assistant", "<think>Easy.</think>\n\n4"),
        Message("user", "3+3?"),
    ]
    text = tokenizer.decode(Renderer(tokenizer).prompt(turns).ids, control=True)
    assert "<|channel|>final<|message|>4<|end|>" in text
    assert "Easy" not in text
