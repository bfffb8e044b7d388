"""What a run of growing came to, and what was measured of its proposals, in words."""

from dataclasses import replace

from orca_desk.method.diversity import Diversity
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Task
from orca_desk.steps.grow.grown import Grown
from orca_desk.ui.words.generators import diversity_lines
from orca_desk.ui.words.growing import checks_text, grown_sentence


def test_many_reasons_are_counted_and_the_most_frequent_told() -> None:
    few = Grown(source="documents", given=9, failed={"It was long.": 2, "It was lost.": 1})
    assert grown_sentence(few) == "0 proposals from 9 passages. 3 requests failed: It was long; It was lost."
    many = {f"The prompt of {n} tokens is too long.": 1 for n in range(900)} | {"It was lost.": 2}
    said = grown_sentence(replace(few, failed=many))
    assert "902 requests failed: It was lost; The prompt of 0 tokens is too long;" in said
    assert said.endswith("(and 898 other reasons).")


def test_a_teacher_that_writes_nothing_usable_is_called_too_small() -> None:
    none = Grown(source="tasks", given=2, unread=6)
    assert grown_sentence(none).endswith("choose a larger one.")
    assert "larger" not in grown_sentence(replace(none, proposed=1, new=1))
    assert "larger" not in grown_sentence(replace(none, finished=False))


def test_a_sample_says_that_it_is_one() -> None:
    all_ = Diversity(tasks=5_000, families={"owls": 5_000}, of=5_000)
    assert diversity_lines(all_)[0] == "5,000 proposals in 1 family; the largest, owls, has 100%"
    first = diversity_lines(replace(all_, of=9_000))[0]
    assert first == "Of 9,000 proposals, the first 5,000: 1 family; the largest, owls, has 100%"


def test_what_was_edited_is_not_confirmed() -> None:
    task = Task(family="owls", query="What?", answer="mice")
    checks = {"with_passage": True, "edited": True}
    one = Proposal(task=task, ancestry={"kind": "document", "document": "owls.txt"}, checks=checks)
    assert checks_text(one) == "Edited, and not checked since"
