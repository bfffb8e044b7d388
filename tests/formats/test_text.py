"""Lines are read in blocks, and come out as Python reads them one by one."""

import io
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from orca_desk.formats.encoding import Encoding
from orca_desk.formats.text import Line, read_lines

PIECES = ["a", "é", "\n", "\r", "\r\n", "\0", "\ufeff", "\x0b", "\u2028", "abcdefgh"]
LONGEST = 12


def one_by_one(data: bytes) -> list[tuple[str, bool]]:
    """Return each line with whether it has a fault, by Python's own lines."""
    found = []
    for line in io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=""):
        bare = line.lstrip("\ufeff")
        has_fault = "\0" in line or len(line) >= LONGEST + line.endswith("\n")
        found.append(("" if has_fault else bare, has_fault))
    return found


@given(text=st.lists(st.sampled_from(PIECES)).map("".join), block=st.integers(1, 9))
@example(text="abcdefghabcdefgh\ra\rb", block=3)
def test_blocks_do_not_show(text: str, block: int) -> None:
    data = text.encode()
    with (
        patch("orca_desk.formats.text.PIECE", block),
        patch("orca_desk.formats.text.MAX_LINE", LONGEST),
    ):
        lines: list[Line] = list(read_lines(io.BytesIO(data), Encoding(name="utf-8-sig"), name="t"))
    assert [(line.text, bool(line.fault)) for line in lines] == one_by_one(data)
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(len(line.text) <= LONGEST for line in lines)
