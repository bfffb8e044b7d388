"""How good is a model: it answers held-out tasks under a system message, and every answer is graded."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.library import evaluations
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Evaluation
from orca_desk.library.pairings import current_pairings
from orca_desk.library.runs import find_unfinished
from orca_desk.library.strategies import current_strategies
from orca_desk.method.adherence import recognise
from orca_desk.method.erasure import student_instruction
from orca_desk.method.grading import grade
from orca_desk.method.pairing import strategy_for
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.method.statistics import Comparison, Share, compare, share_of
from orca_desk.method.strategies import Strategy
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.asking import Answer, Outcome, Question, Runner, ask
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.recorder import record_run
from orca_desk.yielding import courteous

SHORTER = "Allow fewer answer tokens or more context."
SystemKind = Literal["cautious", "empty", "own", "strategy"]


@dataclass(frozen=True, kw_only=True)
class System:
    """The system message of an evaluation: cautious, empty, own `text`, or each task's own strategy's."""

    kind: SystemKind = "cautious"
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """The share of right answers in one family (or of all), and the mean tokens of an answer."""

    right: Share
    mean_tokens: float


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What an evaluation found.

    `adherence` is the share of answers that follow the paired strategy, of those whose task has one.
    `cut` answers ended at the length limit; `failed` counts questions that could not be asked, by reason,
    and they are in no score. `seconds` is the time this call took. `finished` is False after a stop.
    """

    run: str
    families: Mapping[str, Score]
    overall: Score
    adherence: Share
    cut: int
    failed: Mapping[str, int]
    seconds: float
    finished: bool


def evaluate(
    library: Library,
    student: Runner,
    tasks: Sequence[Task],
    *,
    system: System | None = None,
    sampling: Sampling | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
    name: str = "",
    request: Mapping[str, Any] | None = None,
) -> Evaluated:
    """Have `student` (a GGUF model, perhaps with an adapter) answer `tasks`, and grade the answers.

    Every answer is kept as it comes, so the same call goes on where an earlier one stopped; after one that
    was done it measures anew. Raises UserError when a task has no reference answer, or for the system kind
    "strategy" no strategy, and when the model cannot be used or answers none.
    """
    began = time.monotonic()
    control = control or JobControl()
    sampling = sampling or Sampling()
    system = system or System()
    _check(tasks)
    known = current_strategies(library)
    messages = _messages(library, tasks, system, known)
    evaluation = _find_or_create(library, student, tasks, system, sampling, name, request)
    waiting = {one.task_id for one in evaluations.unanswered(library, evaluation.id)}
    failed: Counter[str] = Counter()
    by_id = {task.id: task for task in tasks}

    def receive(outcomes: list[Outcome]) -> None:
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        graded = [_graded(by_id[answer.key], answer, known) for answer in courteous(answers)]
        evaluations.add_answers(library, evaluation.id, graded)
        failed.update(outcome.reason for outcome in outcomes if not isinstance(outcome, Answer))

    with record_run(library, evaluation.id, progress=progress, control=control) as recorder:
        finished = ask(
            "evaluate",
            student,
            [
                Question(key=task.id, system=messages(task), user=task.user_text, sampling=sampling)
                for task in tasks
                if task.id in waiting
            ],
            on_outcomes=receive,
            stage="evaluating",
            progress=recorder.report,
            control=control,
            log=recorder.log,
            already=sum(task.id not in waiting for task in tasks),
        )
        found = score(library, evaluation.id)
        if failed and not found.overall.right.n:
            raise UserError(f"Not one task could be answered: {next(iter(failed))}", SHORTER)
        recorder.outcome = _sentence(found, failed)
    return replace(found, failed=dict(failed), seconds=time.monotonic() - began, finished=finished)


def score(library: Library, evaluation_id: str) -> Evaluated:
    """Return what an evaluation of the library has found so far."""
    results = evaluations.results(library, evaluation_id)
    answers = evaluations.answers(library, evaluation_id)
    run = evaluations.get_evaluation(library, evaluation_id).run
    tokens = sum(answer.completion_tokens for answer in answers)
    graded, correct = sum(one.graded for one in results), sum(one.correct for one in results)
    return Evaluated(
        run=evaluation_id,
        families={
            one.family: Score(right=share_of(one.correct, one.graded), mean_tokens=one.mean_tokens or 0.0)
            for one in results
        },
        overall=Score(right=share_of(correct, graded), mean_tokens=tokens / max(1, len(answers))),
        adherence=share_of(sum(one.followed for one in results), sum(one.paired for one in results)),
        cut=sum(answer.finish_reason == "length" for answer in answers),
        failed={},
        seconds=0.0,
        finished=run.status == "done",
    )


def compare_evaluations(library: Library, first: str, second: str) -> dict[str, Comparison]:
    """Compare two evaluations on the tasks that both answered: by family, and "overall".

    Raises UserError when there are no such tasks.
    """
    pairs = evaluations.compare(library, first, second)
    if not pairs:
        raise UserError(f"{first} and {second} have no task in common.", "Evaluate both on the same tasks.")
    families: dict[str, list[evaluations.SharedTask]] = {}
    for pair in pairs:
        families.setdefault(pair.family, []).append(pair)
    return {
        name: compare([one.first for one in group], [one.second for one in group])
        for name, group in [*sorted(families.items()), ("overall", pairs)]
    }


def _check(tasks: Sequence[Task]) -> None:
    if not tasks:
        raise UserError("There are no tasks to evaluate on.", "Choose held-out tasks, or mark some as such.")
    if without := [task for task in tasks if task.answer is None]:
        raise UserError(
            f"{len(without):,} of {len(tasks):,} tasks have no reference answer, so they cannot be graded.",
            "Add their answers, or leave them out.",
        )


def _find_or_create(
    library: Library,
    student: Runner,
    tasks: Sequence[Task],
    system: System,
    sampling: Sampling,
    name: str,
    request: Mapping[str, Any] | None,
) -> Evaluation:
    """Return the unfinished evaluation of just this, or a new one."""
    pairings = current_pairings(library)
    questions = [
        evaluations.Question(
            task_id=task.id,
            family=task.family,
            paired=strategy_for(task, pairings) if task.strategy or task.family in pairings else None,
        )
        for task in tasks
    ]
    hashes = HashCache(library.folder)
    settings = {
        "model": hashes.sha256_of(identify(student.model).files),
        "adapter": hashes.sha256(student.adapter) if student.adapter else None,
        "system": asdict(system),
        "sampling": asdict(sampling),
        "questions": digest([asdict(question) for question in questions]),
    }
    if unfinished := find_unfinished(library, evaluations.KIND, settings):
        return evaluations.take_up(library, unfinished.id, name, request)
    return evaluations.create_evaluation(
        library,
        model=student.model,
        adapter=student.adapter,
        system_kind=system.kind,
        system=None if system.kind == "strategy" else student_instruction(system.kind, system.text),
        questions=questions,
        settings=settings,
        name=name,
        request=request,
    )


def _messages(
    library: Library, tasks: Sequence[Task], system: System, known: Mapping[str, Strategy]
) -> Callable[[Task], str]:
    """Return the function that gives each task its system message."""
    if system.kind != "strategy":
        text = student_instruction(system.kind, system.text)
        return lambda task: text
    pairings = current_pairings(library)
    instructions = {task.id: known[strategy_for(task, pairings)].instruction for task in tasks}
    return lambda task: instructions[task.id]


def _graded(task: Task, answer: Answer, known: Mapping[str, Strategy]) -> Answered:
    assert task.answer is not None
    verdict = grade(answer.text, task.answer, task.answer_kind)
    return Answered(
        task_id=task.id,
        response=answer.text,
        correct=verdict.correct,
        reason=verdict.reason,
        recognised=recognise(answer.text, known.values()),
        completion_tokens=answer.completion_tokens,
        finish_reason=answer.finish_reason,
    )


def _sentence(found: Evaluated, failed: Mapping[str, int]) -> str:
    right = found.overall.right
    text = f"{right.correct} of {right.n} right ({right.share:.1%}, {right.low:.1%} to {right.high:.1%})"
    return text + "".join(f"; {count} failed: {reason}" for reason, count in failed.items()) + "."
