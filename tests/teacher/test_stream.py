"""Text that grows by tokens: whole characters, stop strings wherever they fall."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.teacher.stream import TextStream


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


@given(st.text(), st.lists(st.integers(0, 999)))
def test_pieces_of_characters_add_up(text: str, places: list[int]) -> None:
    stream = TextStream()
    shown = ""
    for piece in cut(text.encode("utf-8", "ignore"), places):
        assert not stream.push(piece)
        shown += stream.fresh()
    stream.finish()
    shown += stream.fresh(last=True)
    assert shown == stream.text == text.encode("utf-8", "ignore").decode()


@given(
    st.text("ab\n🙂", max_size=30),
    st.lists(st.text("ab\n🙂", min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(0, 999)),
)
def test_the_text_ends_before_the_first_stop_string(text: str, stop: list[str], places: list[int]) -> None:
    stream = TextStream(stop)
    shown = ""
    stopped = False
    for piece in cut(text.encode(), places):
        stopped = stream.push(piece)
        shown += stream.fresh()
        assert not any(each in shown for each in stop)
        if stopped:
            break
    shown += stream.fresh(last=True)
    places_found = [place for each in stop if (place := text.find(each)) >= 0]
    assert stopped == bool(places_found)
    assert shown == stream.text
    assert text.startswith(shown)
    if not stopped:
        assert shown == text


def test_bytes_that_never_become_a_character_are_shown_as_such() -> None:
    stream = TextStream()
    stream.push(b"a\xf0\x9f")
    assert stream.text == "a"
    stream.finish()
    assert stream.text == "a\ufffd"


def test_what_may_become_a_stop_string_is_held_back() -> None:
    stream = TextStream(["Answer:"])
    stream.push(b"So Ans")
    assert stream.fresh() == "So "
    stream.push(b"wers")
    assert stream.fresh() == "Answers"


def test_a_text_may_begin_before_its_first_token() -> None:
    stream = TextStream(["###"], opening="<think>\n")
    stream.push(b"Two.</think>4#")
    assert stream.fresh() == "<think>\nTwo.</think>4"
    assert stream.push(b"##")
    assert stream.text == "<think>\nTwo.</think>4"
