"""Probing strategies with a tiny real teacher."""

from dataclasses import replace

import pytest
from doubles import SHORT, open_small

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings, latest_evidence
from orca_desk.library.records import count_records, iterate_records
from orca_desk.library.runs import get_run
from orca_desk.library.tasks import add_tasks, get_tasks, update_tasks
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.pair.probe import probe
from orca_desk.ui.words.outcomes import outcome_text


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def teacher(tiny_llama):
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


@pytest.fixture
def sampled(tmp_path):
    with Library.open(tmp_path / "sampled") as library:
        yield library


def test_a_probe_pairs_families_and_keeps_its_records(sampled):
    teacher, names = Runner(model=mini_teacher(), threads=1), ["direct", "recall-reason-generate"]
    sampling = Sampling(max_tokens=200)
    found = probe(sampled, teacher, families=["ordering"], strategies=names, per_family=6, sampling=sampling)
    assert found.pairings["ordering"].strategy == "recall-reason-generate"
    assert not found.fruitless and not found.left_out
    assert {one.n for pairing in found.pairings.values() for one in pairing.evidence} == {6}
    stored = current_pairings(sampled)
    assert {family: one.strategy for family, one in stored.items()} == {
        family: pairing.strategy for family, pairing in found.pairings.items()
    }
    assert {one.source for one in stored.values()} == {"measured"}
    assert count_records(sampled) == 12
    again = probe(sampled, teacher, families=["ordering"], strategies=names, per_family=6, sampling=sampling)
    assert (again.taught.new, dict(again.pairings)) == (0, dict(found.pairings))


def test_without_a_correct_answer_nothing_is_paired_and_the_evidence_is_kept(library, teacher):
    before = current_pairings(library)
    found = probe(library, teacher, strategies=["direct", "step-by-step"], per_family=3, sampling=SHORT)
    assert found.finished and not found.pairings
    assert found.fruitless == {"belief": 3, "sums": 3}
    assert current_pairings(library) == before
    evidence = latest_evidence(library)
    assert {(one.correct, one.n) for one in evidence.values()} == {(0, 3)}
    assert set(evidence) == {
        (family, strategy) for family in ("belief", "sums") for strategy in ("direct", "step-by-step")
    }
    words = outcome_text(get_run(library, found.run).outcome)
    assert words.startswith(
        "0 families paired by measurement. No evidence for 2 families: no strategy got a task right in"
        " belief, sums."
    )


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
    assert found.finished and found.fruitless == {"belief": 2, "sums": 2}
    assert get_run(library, found.run).status == "done"


def test_evidence_follows_references_that_were_edited_since_the_teacher_answered(sampled):
    teacher, names = Runner(model=mini_teacher(), threads=1), ["direct", "recall-reason-generate"]
    asked = {
        "families": ["ordering"],
        "strategies": names,
        "per_family": 2,
        "sampling": Sampling(max_tokens=200),
    }
    before = probe(sampled, teacher, **asked).pairings["ordering"].evidence
    assert [(one.strategy, one.correct) for one in before][1] == ("recall-reason-generate", 2)
    tasks = get_tasks(sampled, [task for task, _ in before[1].outcomes])
    update_tasks(sampled, [replace(task, answer="nobody") for task in tasks.values()])
    after = probe(sampled, teacher, **asked)
    assert after.taught.new == 0
    assert after.fruitless == {"ordering": 2}


def test_a_question_that_stands_in_two_families_is_evidence_in_both(sampled):
    teacher = Runner(model=mini_teacher(), threads=1)
    asked = {"strategies": ["direct"], "per_family": 2, "sampling": Sampling(max_tokens=60)}
    first = probe(sampled, teacher, families=["ordering"], **asked)
    (task, *_) = get_tasks(sampled, [one.record.task_id for one in iterate_records(sampled)]).values()
    twin = Task(family="twins", query=task.query, context=task.context, answer=task.answer)
    add_tasks(sampled, [twin])
    both = probe(sampled, teacher, families=["ordering", "twins"], **asked)
    assert both.taught.new == 0 and not both.left_out
    evidence = latest_evidence(sampled)
    assert (evidence["ordering", "direct"].n, evidence["twins", "direct"].n) == (2, 1)
    assert first.left_out == 0


def test_a_probe_needs_answers_to_measure_by(library, teacher):
    with pytest.raises(UserError, match="nowhere"):
        probe(library, teacher, families=["nowhere"])
