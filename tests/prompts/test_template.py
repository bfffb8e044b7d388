"""Chat templates: cut into pieces, kept from doing harm."""

import pytest
from chat_templates import GEMMA, LLAMA2, LLAMA3, QWEN
from tiny_models import CHATML

from orca_desk.errors import UserError
from orca_desk.prompts.template import ChatTemplate, Shape, TemplateRefusalError

CHAT = Shape(("system", "user"), True)


def chat(source: str) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>")


def test_chatml_is_cut_at_its_texts() -> None:
    skeleton = chat(CHATML).skeleton(CHAT)
    assert skeleton.pieces == (
        "<|im_start|>system\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
    )
    assert [slot.trim(" \n x \n") for slot in skeleton.slots] == [" \n x \n"] * 2


def test_what_a_template_trims_is_learned() -> None:
    llama = chat(LLAMA3).skeleton(CHAT)
    assert [slot.trim(" \n x \n") for slot in llama.slots] == ["x", "x"]
    qwen = chat(QWEN).skeleton(Shape(("user", "assistant"), False))
    assert [slot.trim("\n x \n") for slot in qwen.slots] == ["\n x \n", " x "]


@pytest.mark.parametrize(
    ("source", "has_system", "adds_default"),
    [
        (CHATML, True, False),
        (LLAMA3, True, True),
        (QWEN, True, True),
        (GEMMA, False, False),
        (LLAMA2, True, False),
        ("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", False, False),
    ],
)
def test_the_place_of_a_system_message(source: str, has_system: bool, adds_default: bool) -> None:
    template = chat(source)
    assert template.has_system is has_system
    assert template.adds_default_system is adds_default


def test_a_system_message_may_stand_in_the_users_turn() -> None:
    assert chat(LLAMA2).skeleton(CHAT).pieces == ("<s>[INST] <<SYS>>\n", "\n<</SYS>>\n\n", " [/INST]")


def test_a_refusal_is_told_in_the_templates_words() -> None:
    with pytest.raises(TemplateRefusalError, match="roles must alternate"):
        chat(GEMMA).skeleton(Shape(("user", "user"), True))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "time or memory"),
        ("{{ 'a' * 10**9 }}", "cannot run: MemoryError"),
        ("{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", "never ends"),
        ("{{ ''.__class__.__mro__ }}", "cannot run: SecurityError"),
        ("{{ messages[0].append(1) }}", "cannot run"),
        ("{% for m in messages %}", "cannot run: TemplateSyntaxError"),
        ("{{ strftime_now('%Y') }}", "cannot run: UndefinedError"),
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "drops"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "repeats"),
        ("{% for m in messages %}{{ m.content | replace(' ', '-') }}{% endfor %}", "changes the texts"),
    ],
)
def test_hostile_and_broken_templates_are_refused(source: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        chat(source).skeleton(Shape(("user",), True))
