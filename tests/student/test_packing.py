"""Batches: every record once, within the token budget, laid out so that targets are the next ids."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.student.data import Example
from orca_desk.student.packing import collate, plan, windows

lengths = st.lists(st.integers(2, 90), min_size=1, max_size=120)


@given(lengths, st.integers(2, 300), st.integers(0, 9), st.integers(0, 3))
def test_each_record_is_in_one_batch_within_the_budget(
    sizes: list[int], budget: int, seed: int, epoch: int
) -> None:
    batches = plan(sizes, budget, seed=seed, epoch=epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(sizes[index] for index in batch) <= budget


@given(lengths, st.integers(2, 300), st.integers(0, 9))
def test_a_plan_is_a_pure_function_of_seed_and_epoch(sizes: list[int], budget: int, seed: int) -> None:
    assert plan(sizes, budget, seed=seed, epoch=1) == plan(sizes, budget, seed=seed, epoch=1)


def test_epochs_differ_in_their_order() -> None:
    sizes = [10 + index % 7 for index in range(100)]
    assert plan(sizes, 64, seed=0, epoch=0) != plan(sizes, 64, seed=0, epoch=1)


def test_little_of_a_real_length_distribution_is_padding() -> None:
    random = np.random.default_rng(0)
    sizes = [int(size) for size in random.lognormal(5.2, 0.4, 2000).clip(20, 1000)]
    laid = sum(len(b) * max(sizes[i] for i in b) for b in plan(sizes, 4096, seed=0))
    assert sum(sizes) / laid > 0.95


@given(st.lists(st.integers(0, 99), max_size=20), st.integers(1, 5))
def test_windows_keep_every_batch_in_order(items: list[int], accumulation: int) -> None:
    grouped = windows([[item] for item in items], accumulation)
    assert [batch[0] for window in grouped for batch in window] == items
    assert all(len(window) == accumulation for window in grouped[:-1])


def test_collate_points_at_the_states_that_predict_learned_tokens() -> None:
    first = Example(id="a", group="a", ids=(5, 6, 7, 8), mask=(False, False, True, True))
    second = Example(id="b", group="b", ids=(9, 3), mask=(False, True))
    batch = collate([first, second])
    assert batch.ids.tolist() == [[5, 6, 7, 8], [9, 3, 0, 0]]
    assert batch.positions.tolist() == [1, 2, 4]
    assert batch.targets.tolist() == [7, 8, 3]
    assert batch.tokens == 6


def test_a_first_token_that_is_masked_in_is_not_predicted_from_another_row() -> None:
    rows = [Example(id=c, group=c, ids=(1, 2), mask=(True, True)) for c in "ab"]
    assert collate(rows).targets.tolist() == [2, 2]
