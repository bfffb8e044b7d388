"""The library in numbers: what counts as kept, which step is next, and what to do."""

from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import LEAK, judged, make_record, make_task

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import STEPS, BestEvaluation, LibraryOverview, advice, overview, step_states
from orca_desk.library.pairings import set_pairings
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.runs import end_run
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.method.pairing import Pairing
from orca_desk.method.statistics import share_of

FULL = LibraryOverview(
    tasks=10,
    heldout=4,
    families=2,
    pairable=2,
    paired=2,
    records=8,
    usable=6,
    snapshots=1,
    trainings=1,
    evaluations=1,
    best=BestEvaluation(evaluation="evaluate-1", share=share_of(3, 4)),
)


def test_an_empty_library_is_all_zeros(library: Library) -> None:
    assert overview(library) == LibraryOverview()


def test_tasks_and_families_are_counted(library: Library) -> None:
    add_tasks(library, [make_task(n, split="heldout" if n < 2 else "train") for n in range(5)])
    add_tasks(library, [make_task(9, family="other")])
    set_pairings(
        library, [Pairing(family="sums", strategy="direct", evidence=(), reason="chosen")], source="chosen"
    )
    seen = overview(library)
    assert (seen.tasks, seen.heldout, seen.families, seen.paired) == (6, 2, 2, 1)


def test_usable_are_the_records_that_a_snapshot_would_take(library: Library) -> None:
    add_tasks(library, [make_task(n) for n in range(8)])
    set_pairings(
        library, [Pairing(family="sums", strategy="direct", evidence=(), reason="chosen")], source="chosen"
    )
    records = [make_record(n, response=f"Answer: {n}. Number {n}.") for n in range(8)]
    for n in (4, 5):  # cut off by the length limit
        records[n] = replace(records[n], provenance=replace(records[n].provenance, finish_reason="length"))
    new = [judged(record, n) for n, record in enumerate(records)]
    new[1] = judged(records[1], 77)  # wrong
    new[2] = judged(records[2], 2, LEAK)
    new[3] = judged(records[3], 77)  # wrong, but the user keeps it
    new[6] = replace(new[6], verdict=None)  # nothing to grade by
    add_records(library, new)
    decide(library, [records[3].id], "keep")
    decide(library, [records[7].id], "drop")
    revise(library, records[5].id, "Answer: 5", verdict=new[5].verdict)
    seen = overview(library)
    assert (seen.records, seen.usable, seen.unusable, seen.unreviewed) == (8, 4, 4, 6)
    frozen = freeze(library, name="all")
    assert frozen.records == seen.usable
    assert overview(library).frozen == frozen.records


def test_the_best_result_is_that_of_a_tuned_student_that_was_finished(library: Library) -> None:
    def evaluated(
        adapter: Path | None,
        right: int,
        *,
        done: bool = True,
        tasks: int = 4,
        asked: int | None = None,
        answer: str = "so",
    ) -> str:
        made = create_evaluation(
            library,
            model=Path("/models/student.gguf"),
            adapter=adapter,
            system_kind="cautious",
            system="",
            questions=[
                Question(task_id=str(n), family="sums", user="What?", answer=answer) for n in range(tasks)
            ],
            settings={"right": right},
        )
        answers = [
            Answered(
                task_id=str(n),
                response="",
                correct=n < right,
                reason="",
                recognised=None,
                completion_tokens=1,
                finish_reason="stop",
            )
            for n in range(tasks if asked is None else asked)
        ]
        add_answers(library, made.id, answers)
        if done:
            end_run(library, made.id, "done", "")
        return made.id

    adapter = Path("/adapters/adapter.gguf")
    evaluated(None, 4)
    evaluated(adapter, 3, done=False)
    assert overview(library).best is None
    evaluated(adapter, 1)
    better = evaluated(adapter, 2)
    seen = overview(library)
    assert seen.best == BestEvaluation(evaluation=better, share=share_of(2, 4), among=2)
    assert seen.evaluations == 3
    evaluated(adapter, 1, tasks=1)  # all correct, but of one task
    evaluated(adapter, 1, asked=1)  # all correct, but three could not be asked
    assert overview(library).best == BestEvaluation(evaluation=better, share=share_of(2, 4), among=3)
    edited = evaluated(adapter, 1, answer="else")  # other questions, though the tasks are the same
    assert overview(library).best == BestEvaluation(evaluation=edited, share=share_of(1, 4), among=1)
    whole = evaluated(adapter, 3, tasks=8)
    assert overview(library).best == BestEvaluation(evaluation=whole, share=share_of(3, 8), among=1)


@pytest.mark.parametrize(
    ("missing", "wanted", "following"),
    [
        ({"tasks": 0, "heldout": 0, "families": 0, "paired": 0}, "collect", "collect"),
        ({"heldout": 10}, "collect-train", "collect"),
        ({"paired": 1}, "pair", "pair"),
        ({"records": 0, "usable": 0}, "instruct", "instruct"),
        ({"usable": 0}, "regenerate", "instruct"),
        ({"snapshots": 0}, "erase", "erase"),
        ({"trainings": 0}, "train", "train"),
        ({"heldout": 0, "best": None}, "hold-out", "test"),
        ({"best": None}, "test", "test"),
        ({}, "chat", None),
    ],
)
def test_what_is_missing_first_is_next(
    missing: dict[str, object], wanted: str, following: str | None
) -> None:
    seen = replace(FULL, **missing)
    assert advice(seen) == wanted
    states = step_states(seen)
    assert tuple(states) == STEPS
    assert [step for step, state in states.items() if state == "next"] == [following] * bool(following)


def test_later_steps_wait() -> None:
    states = step_states(LibraryOverview(tasks=10, heldout=2, families=1, pairable=1))
    assert list(states.values()) == ["done", "next", "waiting", "waiting", "waiting", "waiting"]
