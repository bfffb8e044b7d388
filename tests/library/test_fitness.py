"""Home's count of usable records is the count of the snapshot that the default rules make."""

from dataclasses import dataclass, replace

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from library_doubles import LEAK, judged, make_record, make_task
from new_library import new_library

from orca_desk.library.database import Library
from orca_desk.library.fitness import FACTS, FITNESS_TABLES, facts_of
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import overview
from orca_desk.library.pairings import set_pairings
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.records import get_record
from orca_desk.library.snapshots import preview_freeze
from orca_desk.library.tasks import add_tasks, delete_tasks
from orca_desk.method.fitness import Decision, RecordFacts
from orca_desk.method.pairing import Pairing


@dataclass(frozen=True)
class Draft:
    """What one random record is like."""

    asked: int  # the number of its question: several records may share one
    answered: int  # the number it answers
    graded: bool
    cut: bool
    leaks: bool
    strategy: str
    decision: Decision | None
    edits: tuple[str, ...]  # the user's versions, where "" takes the edits back


DRAFTS = st.builds(
    Draft,
    asked=st.integers(0, 3),
    answered=st.integers(0, 3),
    graded=st.booleans(),
    cut=st.booleans(),
    leaks=st.booleans(),
    strategy=st.sampled_from(["direct", "step-by-step"]),
    decision=st.sampled_from([None, None, "keep", "drop"]),
    edits=st.lists(st.sampled_from(["Answer: 0", "Answer: 1", ""]), max_size=2).map(tuple),
)


def store(library: Library, number: int, draft: Draft) -> str:
    """Store the record of a draft; return its id."""
    record = make_record(
        draft.asked, id=f"record-{number}", response=f"Answer: {draft.answered}", strategy=draft.strategy
    )
    if draft.cut:
        record = replace(record, provenance=replace(record.provenance, finish_reason="length"))
    new = judged(record, draft.asked, *([LEAK] if draft.leaks else []))
    add_records(library, [new if draft.graded else replace(new, verdict=None)])
    for text in draft.edits:
        verdict = judged(replace(record, response=text), draft.asked).verdict if draft.graded else None
        revise(library, record.id, text or record.response, verdict=verdict if text else new.verdict)
    if draft.decision:
        decide(library, [record.id], draft.decision)
    return record.id


@at_most(60)
@given(
    drafts=st.lists(DRAFTS, max_size=10),
    heldout=st.sets(st.integers(0, 3)),
    own=st.dictionaries(st.integers(0, 3), st.sampled_from(["direct", "step-by-step"])),
    deleted=st.sets(st.integers(0, 3)),
    paired=st.sampled_from([None, "direct", "step-by-step"]),
)
def test_home_counts_what_a_snapshot_would_take(
    tmp_path_factory: pytest.TempPathFactory,
    drafts: list[Draft],
    heldout: set[int],
    own: dict[int, str],
    deleted: set[int],
    paired: str | None,
) -> None:
    with new_library(tmp_path_factory.mktemp("library")) as library:
        tasks = [
            make_task(n, split="heldout" if n in heldout else "train", strategy=own.get(n)) for n in range(4)
        ]
        add_tasks(library, tasks)
        ids = [store(library, number, draft) for number, draft in enumerate(drafts)]
        delete_tasks(library, [tasks[n].id for n in deleted])
        if paired:
            pairing = Pairing(family="sums", strategy=paired, evidence=(), reason="")
            set_pairings(library, [pairing], source="chosen")
        found = preview_freeze(library)
        seen = overview(library)
        assert seen.usable == found.records
        assert seen.unusable == sum(found.left_out.values())
        stored_facts = library.rows(f"SELECT r.id, {FACTS} AS facts {FITNESS_TABLES}")
        assert {row["id"]: facts_of(row["facts"]) for row in stored_facts} == {
            record_id: facts(library, record_id, draft, heldout, own, deleted, paired)
            for record_id, draft in zip(ids, drafts, strict=True)
        }


def facts(
    library: Library,
    record_id: str,
    draft: Draft,
    heldout: set[int],
    own: dict[int, str],
    deleted: set[int],
    paired: str | None,
) -> RecordFacts:
    """The facts in Python, from the record as it is read and from what the test made."""
    stored = get_record(library, record_id)
    wanted = (None if draft.asked in deleted else own.get(draft.asked)) or paired
    return RecordFacts(
        finish_reason=stored.record.provenance.finish_reason,
        correct=stored.verdict.correct if stored.verdict else None,
        leaked=bool(stored.leaks),
        edited=stored.edited is not None,
        decision=stored.decision,
        held_out=draft.asked in heldout,
        other_strategy=wanted is not None and draft.strategy != wanted,
    )


def test_texts_that_only_end_alike_are_not_duplicates(library: Library) -> None:
    end = "the same end of the answer"
    new = [judged(make_record(n, user="same question", response=f"{n} {end}"), "same") for n in (1, 2, 3)] + [
        judged(make_record(n, user="same question", response=f"3 {end}"), "same") for n in (4, 5)
    ]
    add_records(library, [replace(one, verdict=None) for one in new])
    assert overview(library).usable == preview_freeze(library).records == 3


def test_an_undone_edit_does_not_count(library: Library) -> None:
    record = make_record(1)
    record = replace(record, provenance=replace(record.provenance, finish_reason="length"))
    add_records(library, [judged(record, 1)])
    revise(library, record.id, "whole", verdict=None)
    assert overview(library).usable == 1
    revise(library, record.id, record.response, verdict=None)
    assert overview(library).usable == preview_freeze(library).records == 0
