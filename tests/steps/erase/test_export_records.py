"""What is exported is what could be trained on: dropped, held-out and empty records never are."""

import json
from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.records import RecordFilter, add_records, decide
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.fitness import Unfit
from orca_desk.steps.erase.export_records import export_records


def test_what_is_never_trained_on_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with new_library(tmp_path / "library") as library:
        held = make_task(3, split="heldout")
        add_tasks(library, [make_task(1), make_task(2), held, make_task(4)])
        records = [make_record(n) for n in (1, 2, 3)] + [make_record(4, response=" \n")]
        add_records(library, [judged(record, n) for n, record in enumerate(records, 1)])
        delete_tasks(library, [held.id])
        decide(library, [records[1].id], "drop")
        decide(library, [records[3].id], "keep")
        made = export_records(library, RecordFilter(), CAUTIOUS, path)
        assert made and made.written == 1
        assert made.left_out == {Unfit.DROPPED: 1, Unfit.HELD_OUT: 1, Unfit.EMPTY: 1}
        assert [json.loads(line)["user"] for line in path.read_text().splitlines()] == [records[0].user]
        with pytest.raises(UserError, match="dropped, held out or empty"):
            export_records(library, RecordFilter(decision="drop"), CAUTIOUS, tmp_path / "none.jsonl")
        assert not (tmp_path / "none.jsonl").exists()
