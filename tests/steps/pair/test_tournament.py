"""A tournament of strategies with a tiny real teacher."""

from dataclasses import replace

import pytest
from doubles import SHORT, open_small
from library_doubles import update_tasks

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings, latest_evidence, set_pairings, undecided_families_of
from orca_desk.library.records import count_records, iterate_records
from orca_desk.library.runs import get_run
from orca_desk.library.tasks import add_tasks, get_tasks
from orca_desk.method.pairing import Basis, Evidence, Pairing, PairingReason, decide
from orca_desk.method.records import Sampling, Task
from orca_desk.processes import host
from orca_desk.processes.asking import Runner
from orca_desk.processes.process import WorkerProcess
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.pair.graders import ByAgreement
from orca_desk.steps.pair.probed import Probed, store_decisions, taught_in_all
from orca_desk.steps.pair.standing import Budget, ProbeStanding, Spent
from orca_desk.steps.pair.tournament import tournament
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.pairing import replaced_text


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def teacher(tiny_llama):
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


@pytest.fixture
def sampled(tmp_path):
    with Library.open(tmp_path / "sampled", samples=True) as library:
        yield library


def test_a_tournament_pairs_families_and_keeps_its_records(sampled):
    teacher, names = Runner(model=mini_teacher(), threads=1), ["direct", "recall-reason-generate"]
    asked = {"families": ["ordering"], "strategies": names, "sampling": Sampling(max_tokens=200)}
    found = tournament(sampled, teacher, per_family=40, **asked)
    assert found.pairings["ordering"].strategy == "recall-reason-generate"
    assert found.ends == {"ordering": "chosen"}
    assert not found.fruitless and not found.left_out
    assert {one.n for pairing in found.pairings.values() for one in pairing.evidence} == {8}
    stored = current_pairings(sampled)
    assert {family: one.strategy for family, one in stored.items()} == {
        family: pairing.strategy for family, pairing in found.pairings.items()
    }
    assert {one.source for one in stored.values()} == {"measured"}
    details = stored["ordering"].details
    assert (details["margin"], details["run"], details["end"]) == (0.05, found.run, "chosen")
    assert details["held_out"]["accuracy"] == found.held_out["ordering"].accuracy == 1.0
    assert count_records(sampled) == found.spent.answers == 16, "of 80: the first look was enough"
    run = get_run(sampled, found.run)
    assert (run.done, run.total) == (16, 16)
    again = tournament(sampled, teacher, per_family=40, **asked)
    assert (again.taught.new, again.taught.known) == (0, 16)
    assert (again.decisions, again.spent.answers) == (found.decisions, 16)


def test_without_a_choice_the_family_keeps_its_strategy_and_more_tasks_go_on(sampled):
    teacher = Runner(model=mini_teacher(), threads=1)
    asked = {
        "families": ["facts"],
        "strategies": ["direct", "guess-and-check"],
        "sampling": Sampling(max_tokens=60),
    }
    before = current_pairings(sampled)
    few = tournament(sampled, teacher, per_family=5, **asked)
    decision = few.undecided["facts"]
    assert (decision.reason, few.ends["facts"]) == (PairingReason.OPEN, "out of tasks")
    assert current_pairings(sampled) == before
    kept = undecided_families_of(sampled)["facts"]
    assert (kept.more_tasks, len(kept.details["measurements"])) == (decision.more_tasks, 1)
    assert kept.evidence == decision.evidence
    words = outcome_text(get_run(sampled, few.run).outcome)
    assert "No choice yet for 1 family" in words
    more = tournament(sampled, teacher, per_family=6, **asked)
    assert (more.taught.known, more.taught.new) == (10, 2), "no answer is asked for twice"
    kept = undecided_families_of(sampled)["facts"]
    assert len(kept.details["measurements"]) == 2
    tournament(sampled, teacher, per_family=6, **asked)
    assert undecided_families_of(sampled)["facts"].details == {**kept.details, "run": "probe-3"}


def test_a_budget_in_answers_ends_it_with_whole_tasks(sampled):
    teacher, names = Runner(model=mini_teacher(), threads=1), ["direct", "recall-reason-generate"]
    standings: list[ProbeStanding] = []
    found = tournament(
        sampled,
        teacher,
        families=["ordering", "facts"],
        strategies=names,
        sampling=Sampling(max_tokens=200),
        budget=Budget(answers=11),
        on_standing=standings.append,
    )
    assert found.finished and found.spent.answers == 10
    evidence = [one for decision in found.decisions.values() for one in decision.evidence]
    assert {one.family for one in evidence} == {"facts"} and {one.n for one in evidence} == {5}
    assert standings[0].budget == Budget(answers=11)
    assert standings[0].cells["facts", "direct"].state == "open"
    assert standings[-1].spent.answers == 10
    assert {standings[-1].cells["facts", name].n for name in names} == {5}
    assert found.without_verdict == ("ordering",)


def test_one_worker_answers_all_rounds(sampled, monkeypatch):
    started, rounds = [], []

    class Counted(WorkerProcess):
        def __init__(self, name, *rest, **options):
            started.append(name)
            super().__init__(name, *rest, **options)

        def send(self, message):
            rounds.extend(["round"] if message.get("control") == "round" else [])
            super().send(message)

    monkeypatch.setattr(host, "WorkerProcess", Counted)
    found = tournament(
        sampled,
        Runner(model=mini_teacher(), threads=1),
        families=["facts"],
        strategies=["direct", "guess-and-check"],
        per_family=40,
        sampling=Sampling(max_tokens=30),
    )
    assert found.finished and found.taught.new == count_records(sampled) == found.spent.answers
    assert started == ["teach"] and len(rounds) > 1


def test_a_budget_in_tokens_is_hardly_exceeded(sampled):
    found = tournament(
        sampled,
        Runner(model=mini_teacher(), threads=1),
        families=["facts", "ordering", "swaps"],
        strategies=["direct"],
        per_family=32,
        sampling=Sampling(max_tokens=30),
        budget=Budget(tokens=200),
    )
    assert found.finished
    assert 0 < found.spent.tokens < 300
    assert found.spent.answers < 96


def test_a_budget_in_time_ends_it_as_done(sampled):
    found = tournament(
        sampled,
        Runner(model=mini_teacher(), threads=1),
        families=["facts"],
        strategies=["direct", "step-by-step"],
        sampling=Sampling(max_tokens=30),
        budget=Budget(seconds=0.01),
    )
    assert found.finished and not found.pairings
    assert get_run(sampled, found.run).status == "done"


def test_a_stopped_tournament_goes_on_to_the_same_end(tmp_path):
    names = ["direct", "explain-then-answer", "recall-reason-generate"]
    asked = {"families": ["ordering", "rules"], "strategies": names, "sampling": Sampling(max_tokens=200)}
    teacher = Runner(model=mini_teacher(), threads=1)
    with Library.open(tmp_path / "whole", samples=True) as library:
        whole = tournament(library, teacher, **asked)
    with Library.open(tmp_path / "parts", samples=True) as library:
        parts = []
        for most in (3, 20):
            control = JobControl()

            def count(update: Update, most: int = most, control: JobControl = control) -> None:
                if update.done >= most:
                    control.stop()

            parts.append(tournament(library, teacher, progress=count, control=control, **asked))
        last = tournament(library, teacher, **asked)
        assert not parts[0].finished and not parts[0].decisions
        assert {part.run for part in parts} == {parts[0].run}
        assert last.decisions == whole.decisions
        assert last.spent.answers == whole.spent.answers
        assert count_records(library) == whole.spent.answers


def test_several_samples_of_a_task_are_one_task(sampled):
    teacher = Runner(model=mini_teacher(), threads=1)
    asked = {"families": ["facts"], "strategies": ["direct", "step-by-step"], "per_family": 3}
    with pytest.raises(UserError, match="would be the same"):
        tournament(sampled, teacher, samples=2, sampling=Sampling(temperature=0.0), **asked)
    found = tournament(
        sampled, teacher, samples=2, sampling=Sampling(temperature=1.0, max_tokens=30), **asked
    )
    assert {(one.n, one.tasks) for one in found.decisions["facts"].evidence} == {(6, 3)}
    assert count_records(sampled) == 12


def test_by_agreement_the_evidence_says_so_and_stays_apart(sampled):
    teacher, names = Runner(model=mini_teacher(), threads=1), ["direct", "step-by-step"]
    asked = {"families": ["facts"], "strategies": names, "per_family": 4}
    with pytest.raises(UserError, match="Agreement needs 3 answers"):
        tournament(sampled, teacher, grader=ByAgreement(), **asked)
    asked |= {"samples": 3, "sampling": Sampling(temperature=0.5, max_tokens=60)}
    by_reference = tournament(sampled, teacher, **asked)
    found = tournament(sampled, teacher, grader=ByAgreement(), **asked)
    assert found.taught.new == 0
    assert {one.basis for one in found.decisions["facts"].evidence} == {Basis.AGREEMENT}
    assert latest_evidence(sampled, Basis.REFERENCE) == {
        ("facts", one.strategy): one for one in by_reference.decisions["facts"].evidence
    }
    assert {one.basis for one in latest_evidence(sampled, Basis.AGREEMENT).values()} == {Basis.AGREEMENT}


@pytest.mark.parametrize(
    ("source", "basis", "strategy", "told"),
    [
        ("measured", Basis.REFERENCE, "step-by-step", "f had step-by-step by reference answers."),
        ("chosen", Basis.AGREEMENT, "step-by-step", "f had step-by-step by hand."),
        ("measured", Basis.AGREEMENT, "step-by-step", ""),
        ("measured", Basis.REFERENCE, "direct", ""),
    ],
)
def test_what_agreement_replaces_that_rested_on_more_is_told(sampled, source, basis, strategy, told):
    def evidence(name: str, basis: Basis) -> Evidence:
        return Evidence(family="f", strategy=name, n=4, correct=4, mean_tokens=3, basis=basis)

    before = Pairing(family="f", strategy=strategy, evidence=(evidence(strategy, basis),), reason="only")
    set_pairings(sampled, [before], source=source)
    found = Probed(
        run="probe-1",
        decisions=decide([evidence("direct", Basis.AGREEMENT)]),
        held_out={},
        ends={"f": "chosen"},
        without_verdict=(),
        left_out=0,
        spent=Spent(),
        taught=taught_in_all([], finished=True),
    )
    words = replaced_text(store_decisions(sampled, found, "measurement").replaced)
    assert words.startswith(f"Replaced: {told}") if told else not words


def test_without_a_correct_answer_nothing_is_paired_and_the_evidence_is_kept(library, teacher):
    before = current_pairings(library)
    found = tournament(library, teacher, strategies=["direct", "step-by-step"], per_family=3, sampling=SHORT)
    assert found.finished and not found.pairings
    assert found.fruitless == ("belief", "sums")
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

    found = tournament(
        library,
        teacher,
        strategies=["direct", "step-by-step"],
        per_family=2,
        sampling=SHORT,
        progress=stop_at_the_end,
        control=control,
    )
    assert control.stopped
    assert found.finished and found.fruitless == ("belief", "sums")
    assert get_run(library, found.run).status == "done"


def test_evidence_follows_references_that_were_edited_since_the_teacher_answered(sampled):
    teacher, names = Runner(model=mini_teacher(), threads=1), ["direct", "recall-reason-generate"]
    asked = {
        "families": ["ordering"],
        "strategies": names,
        "per_family": 2,
        "sampling": Sampling(max_tokens=200),
    }
    before = tournament(sampled, teacher, **asked).decisions["ordering"].evidence
    assert [(one.strategy, one.correct) for one in before][1] == ("recall-reason-generate", 2)
    tasks = get_tasks(sampled, [task for task, _ in before[1].outcomes])
    update_tasks(sampled, [replace(task, answer="nobody") for task in tasks.values()])
    after = tournament(sampled, teacher, **asked)
    assert after.taught.new == 0
    assert after.fruitless == ("ordering",)


def test_tasks_that_the_teacher_cannot_read_are_left_out_and_counted(sampled):
    tasks = [Task(family="mixed", query=f"{n} what is hot? " * 300, answer="sun") for n in range(3)]
    tasks += [Task(family="mixed", query=f"{n} what is hot?", answer="sun") for n in range(4)]
    add_tasks(sampled, tasks)
    teacher = Runner(model=mini_teacher(), threads=1)
    asked = {"strategies": ["direct", "guess-and-check"], "sampling": Sampling(max_tokens=30)}
    found = tournament(sampled, teacher, families=["mixed"], **asked)
    assert found.finished and found.left_out == 3
    assert sum(found.taught.failed.values()) == 6
    (decision,) = found.decisions.values()
    assert {one.tasks for one in decision.evidence} == {4}
    again = tournament(sampled, teacher, families=["mixed"], **asked)
    assert (again.decisions, again.left_out, again.taught.new) == (found.decisions, 3, 0)
    long = [Task(family="long", query=f"{n} who is far? " * 300, answer="moon") for n in range(3)]
    add_tasks(sampled, long)
    with pytest.raises(UserError, match="could not answer any of the 6 tasks"):
        tournament(sampled, teacher, families=["long"], **asked)


def test_a_question_that_stands_in_two_families_is_evidence_in_both(sampled):
    teacher = Runner(model=mini_teacher(), threads=1)
    asked = {"strategies": ["direct"], "per_family": 2, "sampling": Sampling(max_tokens=60)}
    first = tournament(sampled, teacher, families=["ordering"], **asked)
    (task, *_) = get_tasks(sampled, [one.record.task_id for one in iterate_records(sampled)]).values()
    twin = Task(family="twins", query=task.query, context=task.context, answer=task.answer)
    add_tasks(sampled, [twin])
    both = tournament(sampled, teacher, families=["ordering", "twins"], **asked)
    assert both.taught.new == 0 and not both.left_out
    evidence = latest_evidence(sampled)
    assert (evidence["ordering", "direct"].n, evidence["twins", "direct"].n) == (2, 1)
    assert first.left_out == 0


def test_a_probe_needs_answers_to_measure_by(library, teacher):
    with pytest.raises(UserError, match="nowhere"):
        tournament(library, teacher, families=["nowhere"])
