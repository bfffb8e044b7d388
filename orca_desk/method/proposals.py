"""Proposals: tasks that were made here, from a generator, a document or other tasks, and wait for a person.

Nobody has asked these questions before, and a small model wrote many of them. So each keeps what it was made
from and how its answer was checked, and none becomes a task before a person accepts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orca_desk.method.records import Task, digest

ProposalState = Literal["open", "accepted", "rejected"]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A task to accept or reject.

    `ancestry` says what it was made from: its "kind" is "generator", "document" or "task". `checks` says how
    its answer was checked; `confirmed` what that came to: None if nothing was checked.
    """

    task: Task
    ancestry: Mapping[str, Any] = field(hash=False)
    checks: Mapping[str, Any] = field(default_factory=dict, hash=False)
    confirmed: bool | None = None

    @property
    def id(self) -> str:
        """The identity: the same task from the same ancestors is one proposal."""
        return digest([self.task.id, self.task.answer, self.ancestry])
