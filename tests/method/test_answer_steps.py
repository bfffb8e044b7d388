"""The steps of an answer: whatever the text is, joined they are the text, and they are what people count."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.answer_steps import split_steps
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

STRATEGIES = tuple(load_folder(resources() / "strategies").values())
PIECES = st.sampled_from(
    [
        "Step 1: ",
        "Step two: ",
        "Answer: ",
        "Recall:",
        "1. ",
        "2) ",
        "- ",
        "> ",
        "**",
        "```",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "a. B",
        "; c",
        "3 + 4 = 7",
        "Mr. X",
        "e.g. this",
        "<think>",
        "</think>",
        "#### 5",
        "\u2028",
        "\t",
        "?! So",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map("".join)))
def test_the_steps_joined_are_the_text_and_are_numbered_in_order(text: str) -> None:
    steps = split_steps(text, STRATEGIES)
    assert "".join(step.text for step in steps) == text
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(text[step.start : step.end] == step.text for step in steps)
    assert "".join(step.text for step in split_steps(text)) == text


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (
            "Step 1: more, 38 + 9 = 47.\nStep 2: less, 47 - 7 = 40.\nAnswer: 40",
            [("marker", "more, 38 + 9 = 47."), ("marker", "less, 47 - 7 = 40."), ("answer", "40")],
        ),
        (
            "Recall: the fair came first.\nReasoning: 1 fair; right after the fair came the play, 2 play.\n"
            "Answer: play",
            [
                ("marker", "the fair came first."),
                ("marker", "1 fair;"),
                ("marker", "right after the fair came the play, 2 play."),
                ("answer", "play"),
            ],
        ),
        (
            "Janet eats 3 eggs. Mr. Smith has 2.5, e.g. two and a half. She has 4 left.\nA: 18",
            [
                ("text", "Janet eats 3 eggs."),
                ("text", "Mr. Smith has 2.5, e.g. two and a half."),
                ("text", "She has 4 left."),
                ("answer", "18"),
            ],
        ),
        (
            "1. Add them.\n   3 + 4 = 7\n2. Done. Really.\n\nThe answer is 7.",
            [
                ("number", "Add them.\n   3 + 4 = 7"),
                ("number", "Done. Really."),
                ("answer", "The answer is 7."),
            ],
        ),
        ("**Answer:**\n42", [("answer", "42")]),
        ("Answer: 3\nBecause it is.", [("answer", "3"), ("text", "Because it is.")]),
        (
            "<think>Hm. 5?</think>\nSo 6.\n```\nx = 1\n\ny = 2\n```\n#### 6",
            [
                ("thought", "<think>Hm. 5?</think>"),
                ("text", "So 6."),
                ("code", "```\nx = 1\n\ny = 2\n```"),
                ("answer", "6"),
            ],
        ),
        ("", []),
    ],
)
def test_steps_are_what_a_reader_would_count(text: str, steps: list[tuple[str, str]]) -> None:
    assert [(step.kind, step.body) for step in split_steps(text, STRATEGIES)] == steps


def test_a_number_that_the_answer_gives_is_read() -> None:
    found = split_steps("Step 3: a\n1. Step four: b\n2) c", STRATEGIES)
    assert [(step.marker, step.said_number) for step in found] == [("step", 3), ("step", 4), ("", 2)]


def test_a_strategy_without_markers_splits_nothing() -> None:
    bare = replace(STRATEGIES[0], markers=())
    assert [step.body for step in split_steps("One. Two.", [bare])] == ["One.", "Two."]
