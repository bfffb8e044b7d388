"""What pages preview: the records that a freeze would take, and the outline of a loss curve."""

from pathlib import Path

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.runs import create_run
from orca_desk.library.snapshots import freeze, freeze_choices, preview_freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import add_events, create_training, loss_outline
from orca_desk.method.fitness import Unfit
from orca_desk.method.snapshot_rules import SnapshotRules


@pytest.fixture
def filled(library: Library) -> Library:
    """Six records, two of them wrong, of one run."""
    add_tasks(library, [make_task(number) for number in range(6)])
    run = create_run(library, "generate", {}).id
    new = [judged(make_record(number), number if number % 3 else "another") for number in range(6)]
    add_records(library, new, run=run)
    return library


def test_a_preview_counts_what_freezing_takes_and_freezes_nothing(filled: Library) -> None:
    for rules in (
        SnapshotRules(),
        SnapshotRules(only_correct=False),
        SnapshotRules(cap=1),
        SnapshotRules(runs=("generate-9",)),
    ):
        counted = preview_freeze(filled, rules=rules)
        if counted.records:
            frozen = freeze(filled, name="one", rules=rules)
            assert (frozen.families, frozen.left_out) == (counted.families, counted.left_out)
            assert frozen.records == counted.records
    assert preview_freeze(filled).left_out == {Unfit.INCORRECT: 2}


def test_rules_can_choose_from_families_and_runs(filled: Library) -> None:
    there = freeze_choices(filled)
    assert there.families == {"sums": 6} and there.runs == {"generate-1": 6}


def test_an_outline_has_few_points_however_long_the_training(filled: Library, tmp_path: Path) -> None:
    snapshot = freeze(filled, name="one").id
    training = create_training(filled, base=tmp_path, snapshot=snapshot, settings={}).id
    assert loss_outline(filled, training) == []
    events = [{"event": "metrics", "step": step, "loss": float(step)} for step in range(1, 401)]
    add_events(filled, training, [*events, {"event": "eval", "step": 400, "loss": 9.0}])
    outline = loss_outline(filled, training, points=10)
    assert len(outline) == 10 and outline == sorted(outline)
    assert outline[0] == pytest.approx(20.5, abs=1) and outline[-1] == pytest.approx(380.5, abs=1)
    assert len(loss_outline(filled, training, points=1000)) == 400
