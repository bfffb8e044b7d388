"""Packed rows hold what rows of batches hold, and say where each record begins."""

import numpy as np
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.student.accelerator.packing import BLOCK, pack
from orca_desk.student.data import Example
from orca_desk.student.packing import collate


def _example(tokens: list[tuple[int, bool]]) -> Example:
    ids, mask = zip(*tokens, strict=True)
    return Example(id="r", group="g", ids=ids, mask=mask)


examples = st.lists(
    st.lists(st.tuples(st.integers(1, 500), st.booleans()), min_size=1, max_size=90).map(_example),
    min_size=1,
    max_size=8,
)


@at_most(40)
@given(examples)
def test_a_row_trains_what_a_batch_of_rows_trains(some: list[Example]) -> None:
    row, rows = pack(some, "split"), collate(some)
    assert row.tokens == rows.tokens
    assert sorted(row.targets) == sorted(rows.targets)
    np.testing.assert_array_equal(row.ids[0, row.positions + 1], row.targets)


@at_most(40)
@given(examples)
def test_records_follow_one_another_and_count_their_own_places(some: list[Example]) -> None:
    row = pack(some, "split")
    assert row.ids.shape == row.places.shape
    assert row.ids.shape[1] % BLOCK == 0
    assert row.starts[-1] == row.ids.shape[1]
    for start, example in zip(row.starts, some, strict=False):
        end = start + len(example.ids)
        np.testing.assert_array_equal(row.ids[0, start:end], example.ids)
        np.testing.assert_array_equal(row.places[0, start:end], np.arange(end - start))


@at_most(40)
@given(examples)
def test_nothing_is_predicted_from_another_record(some: list[Example]) -> None:
    row = pack(some, "split")
    of = np.repeat(np.arange(len(row.starts) - 1), np.diff(row.starts))
    np.testing.assert_array_equal(of[row.positions], of[row.positions + 1])
