"""Procedural tasks: made in a worker, stored as they come, resumed, and never the same in both splits."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.proposals import ProposalFilter, count_proposals, list_proposals
from orca_desk.library.runs import get_run
from orca_desk.library.tasks import add_tasks, count_tasks, get_task
from orca_desk.method.grading import grade
from orca_desk.method.procedural import KINDS, LEFT_OUT, SEEDS, UNGRADED, seed_of
from orca_desk.method.records import Task
from orca_desk.processes.process import WorkerEndedError
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.grow import generators, procedural
from orca_desk.steps.grow.diversity import measure_diversity
from orca_desk.steps.grow.generators import list_generators
from orca_desk.steps.grow.procedural import ProceduralRequest
from orca_desk.steps.grow.review import accept_proposals, joined, undo_review

REQUEST = ProceduralRequest(generators=("chain_sum", "shortest_path"), levels=(1,), count=20, heldout=20)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as opened:
        yield opened


def _require() -> None:
    if find_spec("reasoning_gym") is None:
        pytest.skip("reasoning-gym is not installed")


def texts(library: Library, run: str) -> list[tuple[str, str]]:
    found = list_proposals(library, ProposalFilter(run=run)).items
    return [(one.proposal.task.split, one.proposal.task.query) for one in found]


def test_tasks_are_proposed_with_their_seeds_and_splits_apart(library: Library) -> None:
    _require()
    grown = REQUEST.grow(library)
    assert (grown.finished, grown.proposed, grown.new, grown.confirmed) == (True, 40, 40, 20)
    stored = [one.proposal for one in list_proposals(library).items]
    held = {one.task.query for one in stored if one.task.split == "heldout"}
    assert len(held) == 8
    assert not held & {one.task.query for one in stored if one.task.split == "train"}
    for one in stored:
        assert (one.ancestry["seed"] >= SEEDS["heldout"]) == (one.task.split == "heldout")
        graded = one.ancestry["generator"] not in UNGRADED
        assert (one.task.answer is not None, one.confirmed) == (graded, True if graded else None)
        assert "level-1" in one.task.tags
    assert count_tasks(library) == 0
    assert REQUEST.grow(library).new == 0  # the same seeds again


def test_a_stopped_run_goes_on_behind_its_last_seed(library: Library, tmp_path: Path) -> None:
    _require()
    control = JobControl()

    def stop(update: Update) -> None:
        if update.done:
            control.stop()

    request = ProceduralRequest(generators=("chain_sum",), count=120, heldout=10)
    stopped = request.grow(library, progress=stop, control=control)
    assert not stopped.finished and 0 < stopped.proposed < 120
    resumed = request.grow(library)
    assert (resumed.run, resumed.proposed, resumed.finished) == (stopped.run, 120, True)
    with new_library(tmp_path / "other") as other:
        assert texts(other, request.grow(other).run) == texts(library, resumed.run)


def test_what_the_library_asks_is_left_out_and_few_questions_end(library: Library) -> None:
    _require()
    first = ProceduralRequest(generators=("chain_sum",), count=5, heldout=0).grow(library)
    known = list_proposals(library, ProposalFilter(run=first.run)).items[0].proposal.task
    add_tasks(library, [Task(family="sums", query=known.query)])
    again = ProceduralRequest(generators=("chain_sum",), count=6, heldout=0).grow(library)
    assert (again.repeated, again.proposed, again.new) == (1, 6, 2)
    few = ProceduralRequest(generators=("coin_flip",), levels=(1,), count=60, heldout=0).grow(library)
    assert few.finished and few.proposed < 60 and few.repeated > 0


def test_a_question_that_takes_too_long_is_left_and_counted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker ends as it does when its watch bites, behind the second question."""
    rows = [{"question": f"{n}?", "answer": str(n), "verified": True} for n in range(9)]
    began: list[int] = []

    def worker(
        name: str, job: object, *, requests: Iterator[dict[str, int]], on_events: object, **_: object
    ) -> bool:
        assert callable(on_events)
        on_events([{"event": "version", "version": "1"}])
        for request in requests:
            start = request["start"]
            began.append(start)
            if start == 0:
                on_events(
                    [
                        {"event": "made", "rows": [{"place": 0, **rows[0]}]},
                        {"event": "stuck", "place": 1},
                    ]
                )
                raise WorkerEndedError("The procedural worker ended.")
            on_events(
                [
                    {
                        "event": "made",
                        "rows": [{"place": n, **rows[n]} for n in range(start, start + request["count"])],
                    }
                ]
            )
        return True

    monkeypatch.setattr(procedural, "run_worker", worker)
    grown = ProceduralRequest(generators=("gcd",), count=4, heldout=0).grow(library)
    assert began == [0, 2]
    assert grown.finished and grown.proposed == 4
    assert grown.failed == {"gcd: a question took too much time or memory": 1}


def test_bad_choices_are_refused(library: Library) -> None:
    for request, words in (
        (ProceduralRequest(generators=()), "No generator"),
        (ProceduralRequest(generators=("codeio",)), "cannot be used"),
        (ProceduralRequest(generators=("gcd",), heldout=101), "percentage"),
        (ProceduralRequest(generators=("gcd",), count=2_000_000), "at once"),
    ):
        with pytest.raises(UserError, match=words):
            request.grow(library)
    with pytest.raises(UserError, match="Another version"):
        ProceduralRequest.from_json({"generators": ["gcd"]})
    assert ProceduralRequest.from_json(REQUEST.to_json()) == REQUEST


def test_an_unknown_level_and_a_missing_library_are_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    _require()
    grown = ProceduralRequest(generators=("gcd",), levels=(99,), count=5).grow(library)
    assert grown.proposed == 0 and "gcd: it has no level 99" in grown.failed

    def worker(name: str, job: object, *, on_events: object, **_: object) -> bool:
        assert callable(on_events)
        on_events([{"event": "lacking"}])
        return True

    monkeypatch.setattr(procedural, "run_worker", worker)
    with pytest.raises(UserError, match="not installed"):
        REQUEST.grow(library)
    assert get_run(library, "grow-procedural-2").status == "failed"


def test_accepting_makes_tasks_and_undo_takes_them_back(library: Library) -> None:
    rows = [
        {"place": n, "question": f"What is {n} + 2?", "answer": str(n + 2), "verified": True}
        for n in range(3)
    ]

    def worker(name: str, job: object, *, requests: Iterator[object], on_events: object, **_: object) -> bool:
        assert callable(on_events)
        for _request in requests:
            on_events([{"event": "made", "rows": rows}])
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(procedural, "run_worker", worker)
        ProceduralRequest(generators=("gcd",), count=3, heldout=0).grow(library)
    ids = [one.id for one in list_proposals(library).items]
    assert measure_diversity(library).families == {"gcd": 3}
    reviewed = joined(
        [accept_proposals(library, ids[:1]), accept_proposals(library, ids[1:], split="heldout")]
    )
    assert len(reviewed.added) == 3
    assert get_task(library, reviewed.added[1]).split == "heldout"
    assert count_proposals(library, ProposalFilter(state="open")) == 0
    undo_review(library, reviewed)
    assert count_tasks(library) == 0
    assert count_proposals(library, ProposalFilter(state="open")) == 3


def test_the_generators_are_listed_with_samples() -> None:
    _require()
    found = list_generators()
    names = {one.name for one in found.generators}
    assert names >= UNGRADED and not names & LEFT_OUT
    sum_ = next(one for one in found.generators if one.name == "chain_sum")
    assert sum_.question and sum_.answer and sum_.levels[0] == 1 and sum_.grading == "reference"


def test_generators_that_are_installed_meanwhile_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def worker(
        name: str, job: object, *, on_events: Callable[[list[dict[str, str]]], None], **_: object
    ) -> None:
        on_events([events.pop(0)])

    events = [{"event": "lacking"}, {"event": "version", "version": "1.0"}]
    list_generators.cache_clear()
    monkeypatch.setattr(generators, "run_worker", worker)
    with pytest.raises(UserError, match="not installed"):
        list_generators()
    assert list_generators().version == "1.0"
    assert list_generators().version == "1.0" and not events, "listed once"
    list_generators.cache_clear()


def test_the_seeds_of_the_splits_never_meet() -> None:
    assert seed_of("train", 2**30, 10**7) < seed_of("heldout", 0, 0)


def test_digits_in_another_base_are_no_decimal_number() -> None:
    assert grade("Answer: 7e2", "7e2", KINDS["base_conversion"]).correct
    assert not grade("Answer: 700", "7e2", KINDS["base_conversion"]).correct
