"""Proposals wait for a person; accepting makes tasks of them, and everything can be undone."""

from dataclasses import replace

import pytest

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.proposals import (
    ProposalFilter,
    StoredReply,
    accept,
    add_proposals,
    add_replies,
    ancestry_of,
    count_proposals,
    edit_proposal,
    find_replies,
    list_proposals,
    reject,
    reopen,
    restore_proposal,
)
from orca_desk.library.tasks import add_tasks, count_tasks, delete_tasks, get_task
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Task


def proposal(query: str, *, confirmed: bool | None = True) -> Proposal:
    turns = (("user", "Owls?"), ("assistant", "Birds."))
    return Proposal(
        task=Task(family="owls", query=query, answer="mice", tags=("grown",), turns=turns),
        ancestry={"kind": "document", "document": "owls.txt"},
        checks={"with": True},
        confirmed=confirmed,
    )


def test_a_proposal_is_stored_once_and_becomes_a_task_when_it_is_accepted(library: Library) -> None:
    one, two = proposal("What do owls eat?"), proposal("And at noon?", confirmed=None)
    assert add_proposals(library, "grow-1", [one, two]) == 2
    assert add_proposals(library, "grow-2", [one]) == 0
    assert [each.proposal for each in list_proposals(library).items] == [one, two]
    assert count_proposals(library, ProposalFilter(state="open", confirmed=True)) == 1
    for text, count in (("OWLS eat", 1), ("mice", 2), ("noon mice owls", 1), ("nowhere", 0), ("{", 0)):
        assert count_proposals(library, ProposalFilter(text=text)) == count
    reviewed = accept(library, [one.id], split="heldout")
    assert reviewed.added == (one.task.id,)
    assert get_task(library, one.task.id).split == "heldout"
    found = ancestry_of(library, one.task.id)
    assert found is not None and found.id == one.id and found.state == "accepted"
    delete_tasks(library, reviewed.added)
    reopen(library, reviewed)
    assert count_proposals(library, ProposalFilter(state="open")) == 2
    assert ancestry_of(library, one.task.id) is None


def test_what_the_library_asks_already_stays_open(library: Library) -> None:
    one = proposal("What do owls eat?")
    add_proposals(library, "grow-1", [one])
    add_tasks(library, [one.task])
    before = count_tasks(library)
    reviewed = accept(library, [one.id])
    assert reviewed.duplicates == (one.id,) and not reviewed.added
    assert count_tasks(library) == before
    assert count_proposals(library, ProposalFilter(state="open")) == 1


def test_a_proposal_can_be_edited_until_it_is_decided(library: Library) -> None:
    one = proposal("What do owls eat?")
    add_proposals(library, "grow-1", [one])
    edited = Task(family="owls", query="What do owls hunt?", answer="mice")
    before = edit_proposal(library, one.id, edited)
    assert before.proposal == one
    stored = list_proposals(library).items[0]
    assert stored.id == one.id and stored.proposal.task == edited
    assert stored.proposal.confirmed is None and stored.proposal.checks == {"with": True, "edited": True}
    restore_proposal(library, before)
    assert list_proposals(library).items[0] == before
    edit_proposal(library, one.id, replace(one.task, family="birds", split="heldout"))
    assert list_proposals(library).items[0].proposal.confirmed
    reviewed = reject(library, [one.id])
    assert reviewed.former == {one.id: ("open", None)}
    assert reject(library, [one.id]).former == {}
    with pytest.raises(UserError, match="no longer open"):
        edit_proposal(library, one.id, edited)


def test_a_reply_is_stored_once(library: Library) -> None:
    one = StoredReply(
        id="a", model_sha256="b", system="Ask.", user="Owls.", reply="Why?", finish_reason="stop"
    )
    add_replies(library, [one])
    add_replies(library, [StoredReply(**{**vars(one), "reply": "What?"})])
    assert find_replies(library, ["a", "x"]) == {"a": one}
