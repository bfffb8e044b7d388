"""Probing strategies with a tiny real teacher."""

import pytest
from doubles import SHORT, open_small

from orca_desk.errors import UserError
from orca_desk.library.pairings import current_pairings
from orca_desk.library.records import count_records
from orca_desk.library.runs import get_run
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.pair.probe import probe


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def teacher(tiny_llama):
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


def test_a_probe_pairs_families_and_keeps_its_records(library, teacher):
    found = probe(library, teacher, strategies=["direct", "step-by-step"], per_family=3, sampling=SHORT)
    assert set(found.pairings) == {"belief", "sums"}
    assert {one.n for pairing in found.pairings.values() for one in pairing.evidence} == {3}
    stored = current_pairings(library)
    assert {family: one.strategy for family, one in stored.items()} == {
        family: pairing.strategy for family, pairing in found.pairings.items()
    }
    assert {one.source for one in stored.values()} == {"measured"}
    assert count_records(library) == 12
    again = probe(library, teacher, strategies=["direct", "step-by-step"], per_family=3, sampling=SHORT)
    assert (again.taught.new, dict(again.pairings)) == (0, dict(found.pairings))


def test_a_stop_that_arrives_with_the_last_answer_stops_nothing(library, teacher):
    control = JobControl()

    def stop_at_the_end(update: Update) -> None:
        if update.done == update.total:
            control.stop()

    found = probe(
        library,
        teacher,
        strategies=["direct", "step-by-step"],
        per_family=2,
        sampling=SHORT,
        progress=stop_at_the_end,
        control=control,
    )
    assert control.stopped
    assert found.finished
    assert set(found.pairings) == {"belief", "sums"}
    assert {one.source for one in current_pairings(library).values()} == {"measured"}
    assert get_run(library, found.run).status == "done"


def test_a_probe_needs_answers_to_measure_by(library, teacher):
    with pytest.raises(UserError, match="nowhere"):
        probe(library, teacher, families=["nowhere"])
