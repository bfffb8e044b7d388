"""Where the answers of an evaluation go wrong: each read with its strategy, its steps and their checks."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from orca_desk.library.answers import AskedFilter, all_answers, asked_questions, asked_tasks
from orca_desk.library.checkers import family_checkers
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, get_evaluation
from orca_desk.library.strategies import current_strategies
from orca_desk.method.answer_reading import AnswerReading, StepFaults, read_answer
from orca_desk.method.checkers import AUTO
from orca_desk.method.turns import Turns
from orca_desk.prompts.messages import conversation
from orca_desk.steps.token_scores import ScoredText
from orca_desk.yielding import yielding

READ_AT_ONCE = 500  # answers
Unscored = Literal["", "no question", "message per task", "no adapter"]  # why tokens cannot be scored


@dataclass(frozen=True, kw_only=True)
class ReadAnswer:
    """An answer of an evaluation, with how it reads; `question` is "" if what was asked is unknown."""

    family: str
    paired: str | None
    question: str
    reference: str | None
    answered: Answered
    reading: AnswerReading


def read_answers(
    library: Library,
    evaluation_id: str,
    wanted: AskedFilter | None = None,
    *,
    checker: str | None = None,
    tasks: Collection[str] | None = None,
) -> Iterator[ReadAnswer]:
    """Yield the answers of an evaluation to the matching tasks, in the order of its questions.

    `checker` reads all of them; None: each family's. `tasks` are the ids of those to read; None: all. Raises
    UserError for an unknown evaluation.
    """
    get_evaluation(library, evaluation_id)
    strategies = tuple(current_strategies(library).values())
    chosen = family_checkers(library)
    asked = asked_tasks(library, [evaluation_id], wanted or AskedFilter())
    if tasks is not None:
        asked = [one for one in asked if one.task_id in tasks]
    for start in range(0, len(asked), READ_AT_ONCE):
        some = asked[start : start + READ_AT_ONCE]
        ids = [one.task_id for one in some]
        answers = all_answers(library, [evaluation_id], ids)
        questions = asked_questions(library, [evaluation_id], ids)
        for one in yielding(some):
            (answered,) = answers[one.task_id]
            if answered is None:
                continue
            question = questions.get(one.task_id)
            (outcome,) = one.outcomes
            user = question.user if question else ""
            used = checker or chosen.get(one.family, AUTO)
            yield ReadAnswer(
                family=one.family,
                paired=outcome.paired if outcome else None,
                question=user,
                reference=question.answer if question else None,
                answered=answered,
                reading=read_answer(answered.response, user, strategies, used),
            )


def scored_answer(
    library: Library,
    evaluation_id: str,
    question: str,
    paired: str | None,
    response: str,
    *,
    turns: Turns = (),
) -> tuple[ScoredText | None, Unscored]:
    """Return what scores the tokens of an evaluation's answer, or None and why they cannot be scored.

    What an evaluation asked under each task's own strategy is known again only while that strategy has one
    version.
    """
    evaluation = get_evaluation(library, evaluation_id)
    if not question:
        return None, "no question"
    if evaluation.adapter is not None and not evaluation.adapter.exists():
        return None, "no adapter"
    system = evaluation.system
    if system is None:
        strategy = current_strategies(library).get(paired or "")
        if evaluation.system_kind != "strategy" or strategy is None or strategy.version != 1:
            return None, "message per task"
        system = strategy.instruction
    messages = tuple(conversation(system, question, turns))
    scored = ScoredText(
        model=evaluation.model, adapter=evaluation.adapter, messages=messages, response=response
    )
    return scored, ""


def first_faults(
    library: Library,
    evaluation_id: str,
    wanted: AskedFilter | None = None,
    *,
    tasks: Collection[str] | None = None,
) -> dict[str, StepFaults]:
    """Count by family where the answers of an evaluation first go wrong; "overall" counts all of them."""
    faults: dict[str, StepFaults] = {}
    overall = StepFaults()
    for one in read_answers(library, evaluation_id, wanted, tasks=tasks):
        faults.setdefault(one.family, StepFaults()).add(one.reading)
        overall.add(one.reading)
    return {**dict(sorted(faults.items())), "overall": overall}
