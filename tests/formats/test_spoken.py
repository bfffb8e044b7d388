"""Conversations in one text are read as turns; other texts with such marks are left as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.formats.spoken import Said, spoken

ASKED: Said = [("user", "2+2?"), ("assistant", "4")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n\nHuman: 2+2?\n\nAssistant: 4", ASKED),
        ("### Human: 2+2?### Assistant: 4", ASKED),
        ("### Instruction:\n2+2?\n\n### Response:\n4", ASKED),
        ("Do it.\n\n### Instruction:\nAdd\n\n### Input:\n2 2\n\n### Response:\n4",
         [("system", "Do it."), ("user", "Add"), ("user", "2 2"), ("assistant", "4")]),
        ("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n", ASKED),
        ("<s>[INST] 2+2? [/INST] 4 </s>", ASKED),
        ("[INST] <<SYS>>\nShort\n<</SYS>>\n\n2+2? [/INST] 4", [("system", "Short"), *ASKED]),
    ],
)  # fmt: skip
def test_the_marks_of_templates(text: str, said: Said) -> None:
    assert spoken(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("### Instruction:\n2+2?\n\n### Response:\n", ASKED[:1]),
        ("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n", ASKED[:1]),
        ("<s>[INST] 2+2? [/INST]", ASKED[:1]),
        ("\n\nHuman: 2+2?\n\nAssistant:", ASKED[:1]),
        ("### Human: 2+2?### Assistant: 4\n### Input: x\n### Output: y",
         [("user", "2+2?"), ("assistant", "4\n### Input: x\n### Output: y")]),
        ("<|im_start|>tool\n4<|im_end|>\n<|im_start|>user\nSo?<|im_end|>", [("tool", "4"), ("user", "So?")]),
    ],
)  # fmt: skip
def test_an_answer_may_be_still_to_come_and_hold_headings(text: str, said: Said) -> None:
    assert spoken(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "What does ### Response: mean?", "# Title\n### Part", "Human: 2+2?", "",
        "What does [INST] hello [/INST] mean?",
        "Mend it:\n### Instruction: add\n### Response: 4\nWhat is wrong?",
        "Who says '<|im_start|>user\nyo<|im_end|>'?", "<|im_start|>user\nyo<|im_end|> Who says so?",
        "### Response: 4\n### Instruction: 2+2?",
    ],
)  # fmt: skip
def test_a_text_that_speaks_of_such_marks_is_none(text: str) -> None:
    assert spoken(text) is None


@given(st.lists(st.sampled_from(["### Human:", "### Response:", "[INST]", "[/INST]", "<|im_start|>user\n",
    "<|im_end|>", "Human:", "\n\nAssistant:", "<<SYS>>", "x", "\n"]), max_size=12))  # fmt: skip
def test_any_marks_give_turns_or_none(pieces: list[str]) -> None:
    found = spoken("".join(pieces))
    assert found is None or {role for role, _ in found} <= {"user", "assistant", "system"}
