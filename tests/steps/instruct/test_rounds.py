"""Answers to tasks without a reference come in rounds until their vote is decided."""

from dataclasses import asdict, replace

import pytest
from doubles import open_small, small_tasks
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.library.fitness import count_usable
from orca_desk.library.pairings import set_pairings
from orca_desk.library.record_rules import current_rules, set_rules
from orca_desk.library.records import count_records, iterate_records
from orca_desk.library.runs import list_runs
from orca_desk.library.tasks import add_tasks
from orca_desk.method.agreement import agree, is_settled, samples_needed
from orca_desk.method.fitness import FitnessRules, Unfit
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.instruct.rounds import Voting, _more
from orca_desk.steps.teaching import taught_from_json

WARM = Sampling(max_tokens=8, temperature=1.0, seed=5)


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def teacher(tiny_llama):
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


def unanswered(library, count):
    """Tasks without a reference, in the library."""
    tasks = [
        replace(task, answer=None, answer_kind=None, id=f"open-{n}") for n, task in enumerate(small_tasks(6))
    ]
    add_tasks(library, tasks[:count])
    return tasks[:count]


@given(
    answers=st.lists(st.sampled_from("abc"), min_size=9, max_size=9),
    samples=st.integers(2, 9),
    at_least=st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.75, 1.0]),
)
def test_rounds_come_to_what_all_samples_come_to(answers, samples, at_least):
    voting = Voting(samples=samples, at_least=at_least)
    asked = samples_needed(samples, at_least)
    texts = [f"Answer: {one}" for one in answers]
    while more := _more(agree(texts[:asked], "text"), voting, asked):
        asked += more
    assert asked <= samples
    some, whole = agree(texts[:asked], "text"), agree(texts[:samples], "text")
    assert is_settled(some, samples - asked, at_least)
    votes_of_all = {each.answer: each.votes for each in whole.candidates}
    if whole.reaches(at_least):
        assert some.winner and some.winner.answer == whole.winner.answer
    elif asked < samples and some.winner:  # decided early: no answer can reach the share any more
        assert max(votes_of_all.values()) < at_least * samples


def test_answers_that_say_the_same_are_usable_once(library, teacher):
    set_rules(library, FitnessRules(allow_cut_off=True))
    made = generate(library, teacher, unanswered(library, 3), samples=3, sampling=WARM)
    with library.read() as db:
        used = count_usable(db, current_rules(library))
    assert made.usable == used
    assert made.usable + sum(made.rejected.values()) == made.new


def test_answers_under_another_strategy_than_the_paired_one_are_not_usable(library, teacher):
    tasks = unanswered(library, 3)
    families = {task.family for task in tasks}
    pairings = [Pairing(family=one, strategy="direct", evidence=(), reason="manual") for one in families]
    set_pairings(library, pairings, source="chosen")
    set_rules(library, FitnessRules(allow_cut_off=True))
    made = generate(library, teacher, tasks, strategy="step-by-step", sampling=WARM)
    assert made.usable == 0
    assert Unfit.OTHER_STRATEGY in made.rejected


def test_a_task_with_a_reference_gets_all_its_answers(library, teacher):
    given = small_tasks(6)[:2]
    made = generate(library, teacher, given, samples=3, stop_early=True, sampling=WARM)
    assert (made.asked, made.new, made.spared) == (6, 6, 0)


def test_answers_are_spared_where_the_vote_is_decided(library, teacher):
    tasks = unanswered(library, 3)
    made = generate(library, teacher, tasks, samples=5, stop_early=True, sampling=WARM)
    assert made.finished
    assert made.asked + made.spared == 15
    assert 9 <= made.asked == made.new == count_records(library) <= 15
    again = generate(library, teacher, tasks, samples=5, stop_early=True, sampling=WARM)
    assert (again.new, again.known, again.spared) == (0, made.asked, made.spared)
    run = list_runs(library)[0]
    stored = taught_from_json(run.outcome)
    assert stored is not None
    assert stored[0].spared == made.spared
    by_task = {task.id: [] for task in tasks}
    for one in iterate_records(library):
        by_task[one.record.task_id].append(one.record.sample)
    assert all(sorted(samples) == list(range(len(samples))) for samples in by_task.values())


def test_answers_that_lose_the_vote_are_not_counted_as_usable(library, teacher):
    set_rules(library, FitnessRules(agreement=1.0, allow_cut_off=True))
    made = generate(library, teacher, unanswered(library, 3), samples=3, sampling=WARM)
    assert made.new == 9
    assert (
        made.rejected[Unfit.NO_AGREEMENT]
        + made.usable
        + sum(count for reason, count in made.rejected.items() if reason is not Unfit.NO_AGREEMENT)
        == 9
    )
    assert made.usable == made.ungraded < 9


def test_counts_over_several_rounds_survive_asdict(library, teacher):
    arrived = []
    generate(
        library,
        teacher,
        unanswered(library, 3),
        samples=5,
        stop_early=True,
        sampling=replace(WARM, temperature=1.5),
        on_arrival=arrived.append,
    )
    for arrival in arrived:
        counts = asdict(arrival.counts)
        assert counts["rejected"] == dict(arrival.counts.rejected)
        assert counts["failed"] == dict(arrival.counts.failed)


def test_a_stop_between_rounds_resumes_with_what_is_missing(library, teacher):
    tasks = unanswered(library, 3)
    control = JobControl()
    seen = []

    def stop_after_some(arrival):
        seen.extend(arrival.records)
        if len(seen) >= 2:
            control.stop()

    stopped = generate(
        library,
        teacher,
        tasks,
        samples=5,
        stop_early=True,
        sampling=WARM,
        control=control,
        on_arrival=stop_after_some,
    )
    assert not stopped.finished or stopped.asked == stopped.new
    done = generate(library, teacher, tasks, samples=5, stop_early=True, sampling=WARM)
    assert done.finished
    assert count_records(library) == done.asked
    assert done.asked + done.spared == 15
