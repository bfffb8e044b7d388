"""What Ollama writes with our template is the prompt that the student was trained on."""

import pytest
from chat_templates import (
    ALPACA,
    GEMMA,
    GEMMA3,
    HARMONY,
    LLAMA2,
    LLAMA3,
    MISTRAL,
    OLMO2,
    PHI3,
    PHI4_MINI,
    QWEN,
)
from go_templates import render_go
from tiny_models import CHATML, TinyModel

from orca_desk.prompts.go_template import go_template
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.prompts.template import ChatTemplate

BRACES = CHATML.replace("'<|im_start|>", "'{{ .Not .An .Action <|im_start|>")
CONVERSATIONS = (
    [("user", "Why?")],
    [("system", "Be brief."), ("user", 'Say "{{ .System }}"')],
    [("user", "One"), ("assistant", "Two"), ("user", "Three")],
    [("system", "Be\n\nbrief."), ("user", "One"), ("assistant", "Two"), ("user", "Three")],
)


def tokenizer_with(tiny: TinyModel, source: str) -> HFTokenizer:
    tokenizer = HFTokenizer.load(tiny.folder)
    tokenizer.chat_template = source
    return tokenizer


@pytest.mark.parametrize(
    "source",
    [CHATML, LLAMA2, LLAMA3, QWEN, GEMMA, GEMMA3, PHI3, PHI4_MINI, OLMO2, MISTRAL, ALPACA, HARMONY, BRACES],
)
def test_the_prompt_is_the_renderers(tiny_llama: TinyModel, source: str) -> None:
    tokenizer = tokenizer_with(tiny_llama, source)
    renderer = Renderer(tokenizer)
    template = ChatTemplate(source, bos=tokenizer.bos, eos=tokenizer.eos)
    whole = go_template(template, bos=tokenizer.bos, adds_bos=False)
    without_bos = go_template(template, bos=tokenizer.bos, adds_bos=True)
    assert whole is not None
    assert without_bos is not None
    for conversation in CONVERSATIONS:
        ids = renderer.prompt([Message(role, text) for role, text in conversation]).ids
        expected = tokenizer.decode(ids, control=True)
        assert render_go(whole, conversation) == expected
        assert render_go(without_bos, conversation) == expected.removeprefix(tokenizer.bos)


def test_a_template_whose_turns_depend_on_more_than_their_role_gets_none(tiny_llama: TinyModel) -> None:
    """One that numbers the questions."""
    numbered = (
        "{% for m in messages %}{{ loop.index ~ m.role ~ ': ' ~ m.content ~ '<|im_end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    )
    tokenizer = tokenizer_with(tiny_llama, numbered)
    template = ChatTemplate(numbered, bos=tokenizer.bos, eos=tokenizer.eos)
    assert go_template(template, bos=tokenizer.bos, adds_bos=False) is None


def test_a_prompt_that_opens_thoughts_opens_them_in_the_prompt_alone(tiny_llama: TinyModel) -> None:
    thinking = (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}"
    )
    template = ChatTemplate(thinking, bos="", eos="<|im_end|>")
    found = go_template(template, bos="", adds_bos=False)
    assert found is not None
    text = render_go(found, [("user", "One"), ("assistant", "Two"), ("user", "Three")])
    assert text.count("<think>") == 1
    assert text.endswith("<|im_start|>assistant\n<think>\n")


def test_a_token_that_begins_every_turn_stays_with_its_turn() -> None:
    """SmolLM2 names the one that begins its turns as the one that begins texts."""
    template = ChatTemplate(CHATML, bos="<|im_start|>", eos="<|im_end|>")
    found = go_template(template, bos="<|im_start|>", adds_bos=False)
    assert found is not None
    assert "<|im_start|>system\n" in found
    assert render_go(found, [("user", "Why?")]) == (
        "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )
