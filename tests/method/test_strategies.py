from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.method.strategies import Strategy, load_folder, parse_strategy, revised, to_toml
from orca_desk.paths import resources

PLAIN = Strategy(
    name="recall-then-generate",
    title="Recall",
    version=1,
    description="Recalls.",
    markers=("Recall", "Answer"),
    instruction='First recall, in a line that starts with "Recall:".',
)
text = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip)


def test_the_seven_bundled_strategies_are_valid_and_ask_for_their_markers() -> None:
    strategies = load_folder(resources() / "strategies")
    assert list(strategies) == [
        "direct",
        "explain-then-answer",
        "extract-then-answer",
        "guess-and-check",
        "recall-reason-generate",
        "recall-then-generate",
        "step-by-step",
    ]
    for strategy in strategies.values():
        assert strategy.answer_marker == "Answer"
        assert all(f'"{marker}' in strategy.instruction for marker in strategy.markers)
    assert len({strategy.instruction for strategy in strategies.values()}) == 7


@given(title=text, description=text, instruction=text, version=st.integers(1, 10**6))
def test_toml_round_trip(title: str, description: str, instruction: str, version: int) -> None:
    strategy = replace(
        PLAIN, title=title, description=description, instruction=instruction.strip(), version=version
    )
    assert parse_strategy(to_toml(strategy)) == strategy


@pytest.mark.parametrize(
    "instruction", ['say """three"""', 'ends with "', "back\\slash", "a\r\nb", "\x7f", 'a\n"""\nb']
)
def test_toml_round_trip_of_awkward_instructions(instruction: str) -> None:
    strategy = replace(PLAIN, instruction=instruction)
    assert parse_strategy(to_toml(strategy)) == strategy


def test_a_change_makes_a_new_version_and_leaves_the_old_one() -> None:
    changed = revised(PLAIN, instruction="Recall it all.\n")
    assert (changed.version, changed.instruction) == (2, "Recall it all.")
    assert PLAIN.version == 1
    assert changed.instruction != PLAIN.instruction
    assert revised(PLAIN, instruction=PLAIN.instruction, title="Recall") is PLAIN
    retitled = revised(PLAIN, title="Remember")
    assert retitled.version == 2 and retitled.instruction == PLAIN.instruction
    with pytest.raises(UserError, match="instruction is not text or is empty"):
        revised(PLAIN, instruction="  ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("version = 1", "version = 0"), "version is not a whole number"),
        (("version = 1", "version = true"), "version is not a whole number"),
        (("version = 1", ""), "lacks version"),
        (("version = 1", "version = 1\ncolour = 2"), "unknown entries: colour"),
        (('["Recall", "Answer"]', '"Recall"'), "markers is not a list"),
        (('["Recall", "Answer"]', "[1]"), "words without colons"),
        (('["Recall", "Answer"]', '["Recall:"]'), "words without colons"),
        (('["Recall", "Answer"]', '["Answer", "answer"]'), "listed twice"),
        (('title = "Recall"', "title = 3"), "title is not text"),
        (('"recall-then-generate"', '"../x"'), "does not look like step-by-step"),
        (('title = "Recall"', 'title = "Recall'), "not valid TOML"),
    ],
)
def test_a_bad_strategy_says_what_and_where(change: tuple[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        parse_strategy(to_toml(PLAIN).replace(*change), where="mine.toml")
    assert "mine.toml" in caught.value.message and caught.value.hint


def test_a_folder_with_nothing_or_a_misnamed_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No strategies"):
        load_folder(tmp_path)
    (tmp_path / "other.toml").write_text(to_toml(PLAIN))
    with pytest.raises(UserError, match="contains the strategy"):
        load_folder(tmp_path)
    (tmp_path / "other.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        load_folder(tmp_path)


@pytest.mark.parametrize("marker", ["", " ", "Answer:", " Answer", "Recall\nAnswer", "Answer\u2028", 3])
def test_a_marker_that_cannot_open_a_line_is_refused(marker: object) -> None:
    with pytest.raises(UserError, match="markers"):
        revised(PLAIN, markers=(marker, "So"))  # type: ignore[arg-type]
