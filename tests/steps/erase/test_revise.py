"""A reviewer's edit has a verdict of its own: the teacher's words keep theirs, and only they are evidence."""

from pathlib import Path

import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from library_doubles import judged, make_record, make_task, own_verdicts
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.overview import overview
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.records import RecordFilter, count_records, get_record
from orca_desk.library.snapshots import preview_freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import TeacherRecord
from orca_desk.steps.erase.revise import edit_answer, undo_edit

RIGHT, WRONG = "Answer: 1", "Answer: 5"


def store(library: Library, response: str) -> TeacherRecord:
    """Store a record of the task whose answer is 1."""
    add_tasks(library, [make_task(1)])
    record = make_record(1, response=response)
    add_records(library, [judged(record, 1)])
    return record


@pytest.mark.parametrize(("words", "edit"), [(WRONG, RIGHT), (RIGHT, WRONG)])
def test_an_edit_is_no_evidence_for_a_strategy(tmp_path: Path, words: str, edit: str) -> None:
    with new_library(tmp_path) as library:
        record = store(library, words)
        edit_answer(library, record.id, edit)
        assert list(own_verdicts(library).values()) == [words == RIGHT]
        verdict = get_record(library, record.id).verdict
        found = preview_freeze(library)
    assert verdict and verdict.correct == (edit == RIGHT)
    assert (found.records, found.left_out) == ((1, {}) if edit == RIGHT else (0, {Unfit.INCORRECT: 1}))


@at_most(30)
@given(
    words=st.sampled_from([RIGHT, WRONG]),
    edits=st.lists(st.sampled_from([RIGHT, WRONG, "Answer: 2", None]), max_size=5),
)
def test_the_verdict_is_that_of_the_text_and_evidence_that_of_the_teacher(
    tmp_path_factory: pytest.TempPathFactory, words: str, edits: list[str | None]
) -> None:
    with new_library(tmp_path_factory.mktemp("library")) as library:
        record = store(library, words)
        undo = []
        for text in edits:
            if text is not None:
                undo.append(edit_answer(library, record.id, text))
            elif undo:
                undo_edit(library, undo.pop())
            stored = get_record(library, record.id)
            is_right = stored.current.response == RIGHT
            assert stored.verdict and stored.verdict.correct == is_right
            assert count_records(library, RecordFilter(correct=is_right)) == 1
            assert preview_freeze(library).records == is_right
            assert list(own_verdicts(library).values()) == [words == RIGHT]


@pytest.mark.parametrize("text", ["", " \n", "<think>It is 1.</think>\n"])
def test_an_edit_that_says_nothing_is_refused_and_an_older_one_never_fit(tmp_path: Path, text: str) -> None:
    with new_library(tmp_path) as library:
        record = store(library, RIGHT)
        with pytest.raises(UserError, match="The answer is empty"):
            edit_answer(library, record.id, text)
        revise(library, record.id, text, verdict=None)  # what an older version took
        decide(library, [record.id], "keep")
        assert get_record(library, record.id).facts.empty
        assert preview_freeze(library).left_out == {Unfit.EMPTY: 1}
        assert overview(library).usable == 0
