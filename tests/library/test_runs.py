"""The time of a run: of all its parts, however each of them ended."""

from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.library import runs
from orca_desk.library.database import Library
from orca_desk.library.runs import create_run, end_run, get_run, start_run, store_progress


class Clock:
    """Stands in for the time: seconds after a start, as the library stores times."""

    def __init__(self) -> None:
        self.seconds = 0

    def __call__(self) -> str:
        return f"2026-01-31T12:{self.seconds // 60:02}:{self.seconds % 60:02}.000+00:00"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(runs, "now", clock)
    return clock


def test_a_resumed_run_has_the_time_of_all_its_parts(tmp_path: Path, clock: Clock) -> None:
    with new_library(tmp_path) as library:
        run = create_run(library, "train", {"of": "this"}).id
        start_run(library, run)
        clock.seconds = 90
        assert get_run(library, run).seconds == pytest.approx(90)
        end_run(library, run, "cancelled", "")
        clock.seconds = 1000
        assert get_run(library, run).seconds == pytest.approx(90)
        start_run(library, run)
        clock.seconds = 1006
        assert get_run(library, run).seconds == pytest.approx(96, abs=0.001)
        end_run(library, run, "done", "")
        clock.seconds = 2000
        found = get_run(library, run)
        assert found.seconds == pytest.approx(96, abs=0.001)
        assert found.created_at == "2026-01-31T12:00:00.000+00:00"


def test_a_run_that_was_cut_off_counts_up_to_its_last_progress(tmp_path: Path, clock: Clock) -> None:
    with new_library(tmp_path) as library:
        run = create_run(library, "train", {"of": "this"}).id
        clock.seconds = 40
        store_progress(library, run, done=4, total=9, unit="steps")
        clock.seconds = 60
    with Library.open(tmp_path) as library:  # the process ended without a word
        clock.seconds = 3000
        assert get_run(library, run).status == "interrupted"
        assert get_run(library, run).seconds == pytest.approx(40)
        start_run(library, run)
        clock.seconds = 3010
        assert get_run(library, run).seconds == pytest.approx(50, abs=0.001)


def test_a_run_that_was_cut_off_at_once_has_no_time(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        run = create_run(library, "train", {"of": "this"}).id
    with Library.open(tmp_path) as library:
        assert get_run(library, run).seconds is None
