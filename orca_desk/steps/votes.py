"""The facts and votes that rules for records ask for, with algebra where answers are mathematics."""

from collections.abc import Sequence

from orca_desk.library.database import Library
from orca_desk.library.fill_facts import OnProgress, unwatched
from orca_desk.library.fitness import prepare_facts
from orca_desk.library.record_rules import current_rules
from orca_desk.method.agreement import Agreement, agree
from orca_desk.method.fitness import FitnessRules
from orca_desk.method.records import AnswerKind
from orca_desk.steps.grading import MATHEMATICS


def prepare(library: Library, rules: FitnessRules, *, on_progress: OnProgress = unwatched) -> None:
    """Find out what `rules` ask of texts and votes; nothing for the default rules.

    Mathematics may take seconds, so never call this in the event loop of a window.
    """
    prepare_facts(library, rules, vote=vote, on_progress=on_progress)


def keep_ready(library: Library) -> bool:
    """Find out what the rules in force ask of records that are new or have changed; return whether any are.

    Call it after records were added or edited, so that Home and Records need not wait for a vote.
    """
    found: list[int] = []
    prepare(library, current_rules(library), on_progress=lambda done, total: found.append(done))
    return bool(found)


def vote(responses: Sequence[str], kind: AnswerKind | None, *, question: str) -> Agreement:
    """Return the vote of responses to one question, as a `library.votes.Vote`."""
    return agree(responses, kind, question=question, comparer=MATHEMATICS)
