"""Files that the user named as benchmarks: remembered with their questions, replaced, removed, restored."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.library.benchmarks import (
    add_benchmark,
    list_benchmarks,
    remove_benchmark,
    restore_benchmark,
)
from orca_desk.library.database import Library


def test_a_benchmark_is_replaced_by_one_of_its_name_removed_and_restored(library: Library) -> None:
    add_benchmark(library, " Sums ", Path("sums.jsonl"), {"k1": "One?", "k2": "Two?"})
    added = add_benchmark(library, "Sums", Path("sums2.jsonl"), {"k1": "One?"})
    assert list_benchmarks(library) == [added]
    assert (added.name, added.questions, added.path.name) == ("Sums", 1, "sums2.jsonl")
    assert added.to_json()["path"] == str(added.path)
    removed = remove_benchmark(library, "Sums")
    assert list_benchmarks(library) == []
    assert library.rows("SELECT * FROM benchmark_questions") == []
    restore_benchmark(library, removed)
    assert list_benchmarks(library) == [added]
    assert [row["user"] for row in library.rows("SELECT user FROM benchmark_questions")] == ["One?"]


def test_a_benchmark_has_a_name_that_is_known(library: Library) -> None:
    with pytest.raises(UserError, match="no name"):
        add_benchmark(library, " ", Path("x"), {})
    with pytest.raises(UserError, match="no benchmark named Other"):
        remove_benchmark(library, "Other")
