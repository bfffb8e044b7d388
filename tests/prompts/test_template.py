"""Chat templates: cut into pieces, kept from doing harm."""

import pytest
from chat_templates import GEMMA, LLAMA2, LLAMA3, QWEN, THINKING
from tiny_models import CHATML

from orca_desk.errors import UserError
from orca_desk.prompts.template import TURNS, USUAL_SHAPES, ChatTemplate, Shape, TemplateRefusalError
from orca_desk.prompts.thoughts import ForgottenThoughts

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
    ("source", "has_system", "needs_system"),
    [
        (CHATML, True, False),
        (LLAMA3, True, True),
        (QWEN, True, True),
        (GEMMA, False, False),
        (LLAMA2, True, False),
        ("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", False, False),
        # It crashes at a role that it does not know.
        ("{% for m in messages %}{{ {'user': 'Q: '}[m.role] + m.content }}{% endfor %}", False, False),
        # A default text in another frame than a system message, and a template that insists on one.
        ("{% if messages[0].role != 'system' %}<|default|>Be kind.{% endif %}" + CHATML, True, True),
        (
            "{% if messages[0].role != 'system' %}{{ raise_exception('none') }}{% endif %}" + CHATML,
            True,
            True,
        ),
    ],
)
def test_the_place_of_a_system_message(source: str, has_system: bool, needs_system: bool) -> None:
    template = chat(source)
    assert template.has_system is has_system
    assert template.needs_system is needs_system


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
        ("{{ fetch('https://example.org') }}", "cannot run: UndefinedError"),
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "drops"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "repeats"),
        ("{% for m in messages %}{{ m.content | replace(' ', '-') }}{% endfor %}", "changes the texts"),
    ],
)
def test_hostile_and_broken_templates_are_refused(source: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as refused:
        chat(source).skeleton(Shape(("user",), True))
    assert ".." not in refused.value.message


def test_a_conversation_that_is_too_long_leaves_others_their_template() -> None:
    """A server's clients share the template; what one of them sends must not end it for all."""
    nested = "{% for m in messages %}{% for n in messages %}{% for o in messages %}{% endfor %}{% endfor %}"
    template = chat(nested + "{{ m.role }}: {{ m.content }}</s>{% endfor %}")
    long = Shape(("user", "assistant") * 1000, False)
    with pytest.raises(UserError, match="2,000 messages, too many for the model"):
        template.skeleton(long)
    assert template.skeleton(Shape(("user",), False)).pieces == ("user: ", "</s>")


def test_an_edited_template_is_rendered_anew_and_a_known_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Shape(("user",), True)
    before, edited = (chat(f"{{# kept #}}{text}{CHATML}") for text in ("", "new "))
    assert edited.skeleton(question).pieces[0] == f"new {before.skeleton(question).pieces[0]}"
    other_end = ChatTemplate("{{ eos_token }}" + edited.source, bos="<s>", eos="<end>")
    assert other_end.skeleton(question).pieces[0].startswith("<end>new ")
    monkeypatch.setattr("orca_desk.prompts.template.worker_command", lambda name: ["no such program"])
    assert chat(before.source).skeleton(question) == before.skeleton(question)


def test_the_shapes_of_many_conversations_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = [Shape(("user", "assistant") * count, False) for count in range(TURNS + 1, TURNS + 4)]
    template = chat(CHATML)
    monkeypatch.setattr("orca_desk.prompts.template.MOST_KNOWN", 2 * len(USUAL_SHAPES) + len(shapes))
    found = [template.skeleton(shape) for shape in shapes[:2]]
    assert len(template._known) == len(USUAL_SHAPES) + 2  # as long as they fit, all are kept
    most = len(USUAL_SHAPES) + 1
    monkeypatch.setattr("orca_desk.prompts.template.MOST_KNOWN", most)
    found.append(template.skeleton(shapes[2]))
    assert len(template._known) == most
    assert [template.skeleton(shape) for shape in shapes] == found


DATED = (
    ("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"),
    ("{{ strftime_now('%-d/%-m/%Y %H:%M:%S') }}", "26/7/2024 00:00:00"),
    ("{{ datetime.now().strftime('%Y-%m-%d') }}", "2024-07-26"),
    ("{{ datetime.utcnow().isoformat()[:10] }}", "2024-07-26"),
    (
        "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}",
        "26 Jul 2024",
    ),
)


@pytest.mark.parametrize(("clock", "date"), DATED)
def test_clocks_stand_still_and_that_is_told(clock: str, date: str) -> None:
    template = chat(clock + CHATML)
    assert template.skeleton(CHAT).pieces[0] == f"{date}<|im_start|>system\n"
    assert template.remarks == ("fixed_date",)


def test_a_refusal_is_one_short_line_whatever_the_template_says() -> None:
    told = "{{ raise_exception('\x1b[2J\u202eNo\\n\\nsystem' + ' role' * 9999) }}"
    with pytest.raises(TemplateRefusalError) as refused:
        chat(told).skeleton(CHAT)
    message = refused.value.message
    assert message.startswith("The model's chat template says: [2J No system role role")
    assert message.isprintable()
    assert len(message) < 600
    with pytest.raises(TemplateRefusalError):
        chat("{{ raise_exception() }}").skeleton(CHAT)


HEADERLESS = CHATML.partition("{% if add_generation_prompt %}")[0]


@pytest.mark.parametrize(
    ("source", "end"),
    [
        (HEADERLESS, "<|im_end|>\n<|im_start|>assistant\n"),
        (HEADERLESS + "<|im_start|>assistant\n", "<|im_end|>\n<|im_start|>assistant\n"),
        ("{% for m in messages %}{{ m.role.title() }}: {{ m.content }}</s>{% endfor %}", "</s>Assistant:"),
        (LLAMA2, " [/INST]"),
    ],
)
def test_a_prompt_begins_the_answer_even_if_the_template_ignores_that(source: str, end: str) -> None:
    assert chat(source).skeleton(Shape(("user",), True)).pieces[-1] == end


def test_what_is_remarkable_about_a_template() -> None:
    assert chat(CHATML).remarks == ()
    assert chat(GEMMA).remarks == ("system_in_user",)
    assert chat(THINKING).remarks == ("opens_thoughts",)


def test_tools_are_none_rather_than_undefined() -> None:
    """As `transformers` does: a template may ask `tools is not none`."""
    asking = "{% if tools is not none or documents is not none %}You have tools.{% endif %}" + CHATML
    assert "tools" not in chat(asking).skeleton(CHAT).pieces[0]


def test_contents_may_have_to_be_lists_of_parts() -> None:
    parts = (
        "{% for m in messages %}<|{{ m.role }}|>{% for part in m.content %}{% if part.type == 'text' %}"
        "{{ part.text | trim }}{% endif %}{% endfor %}<|end|>{% endfor %}"
    )
    skeleton = chat(parts).skeleton(CHAT)
    assert skeleton.pieces == ("<|system|>", "<|end|><|user|>", "<|end|><|assistant|>")
    assert [slot.trim(" x ") for slot in skeleton.slots] == ["x", "x"]


@pytest.mark.parametrize(
    ("source", "forgetting"),
    [
        (CHATML, None),
        (THINKING, ForgottenThoughts("</think>", strips=False)),
        # Contents as lists of parts; an earlier answer's thoughts replaced by empty ones.
        (
            "{% for m in messages %}{% for part in m.content %}{% if part.type == 'text' %}<|{{ m.role }}|>"
            "{{ part.text.split('</think>')[-1] | trim }}{% endif %}{% endfor %}{% endfor %}",
            ForgottenThoughts("</think>", strips=True),
        ),
        (
            "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}<think></think>{% endif %}"
            "{{ m.content }}{% endfor %}",
            ForgottenThoughts("</think>", strips=True),
        ),
    ],
)
def test_how_earlier_thoughts_are_dropped(source: str, forgetting: ForgottenThoughts | None) -> None:
    assert chat(source).forgetting == forgetting
