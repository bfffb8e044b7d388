"""One evaluation: a model answers held-out tasks under a system message, and every answer is graded."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.inventory.templates import with_template
from orca_desk.library import evaluations
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Evaluation
from orca_desk.library.pairings import current_pairings
from orca_desk.library.repeats import repeats_of
from orca_desk.library.runs import find_done, find_unfinished
from orca_desk.library.strategies import current_strategies
from orca_desk.method.adherence import recognise
from orca_desk.method.arms import wrong_strategy
from orca_desk.method.erasure import student_instruction
from orca_desk.method.pairing import strategy_for
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.method.strategies import Strategy
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.asking import Answer, AskOutcome, Prompt, Runner, ask
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.evaluate.forgetting import forgetting_report, note_forgetting
from orca_desk.steps.evaluate.outcome import EvaluationOutcome, earlier_engines
from orca_desk.steps.evaluate.scoring import Evaluated, score, score_outcomes
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.recorder import record_run
from orca_desk.yielding import yielding

STAGE = "evaluating"  # its progress begins once the evaluation is stored
ANSWERS = "answers"  # the unit of its progress
TOO_LONG_HINT = "Allow fewer answer tokens, or a longer context."
SystemKind = Literal["cautious", "empty", "own", "strategy", "wrong"]
PER_TASK: tuple[SystemKind, ...] = ("strategy", "wrong")  # messages that differ from task to task


@dataclass(frozen=True, kw_only=True)
class System:
    """The system message of an evaluation: cautious, empty, the user's `text`, or each task's strategy.

    The kind "wrong" gives each task a strategy other than its own (see `method.arms.wrong_strategy`).
    """

    kind: SystemKind = "cautious"
    text: str = ""


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
    reuse: bool = False,
    forgetting: bool = False,
) -> Evaluated:
    """Have `student`, a GGUF model with or without an adapter, answer `tasks`, and grade the answers.

    Stores every answer as it arrives, so that the same call resumes an evaluation that was stopped; once it
    is done, the same call starts a new one, or with `reuse` returns its results. `name` and `request` are
    stored with it. With `forgetting`, what a student with an adapter lost is measured and stored too, under
    the same system message, or none where that differs from task to task.

    Raises UserError when a task has no reference answer or, for the system kinds "strategy" and "wrong", no
    strategy, and when the model cannot be used or cannot answer a single task.
    """
    began = time.monotonic()
    control = control or JobControl()
    sampling = sampling or Sampling()
    system = system or System()
    _check(tasks)
    student = with_template(library, student)
    known = current_strategies(library)
    messages = _messages(library, tasks, system, known)
    settings = _settings(library, student, tasks, system, messages, sampling)
    general = "" if system.kind in PER_TASK else student_instruction(system.kind, system.text)
    forgetting = forgetting and student.adapter is not None
    if reuse and (done := find_done(library, evaluations.KIND, settings)):
        if forgetting and forgetting_report(library, done.id) is None:
            note_forgetting(library, done.id, student, general, progress=progress, control=control)
        return score(library, done.id)
    evaluation = _find_or_create(library, student, tasks, system, settings, name, request)
    unanswered = {one.task_id for one in evaluations.unanswered(library, evaluation.id)}
    failed: Counter[str] = Counter()
    engines = set(earlier_engines(evaluation.run.outcome)) if len(unanswered) < len(tasks) else set()
    by_id = {task.id: task for task in tasks}

    def receive(outcomes: list[AskOutcome]) -> None:
        answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
        graded = [_graded(by_id[answer.key], answer, known) for answer in yielding(answers)]
        evaluations.add_answers(library, evaluation.id, graded)
        engines.update(f"{answer.engine}, batch of {answer.batch}" for answer in answers)
        failed.update(outcome.reason for outcome in outcomes if not isinstance(outcome, Answer))

    with record_run(library, evaluation.id, progress=progress) as recorder:
        recorder.finished = ask(
            "evaluate",
            student,
            [
                Prompt(
                    key=task.id,
                    system=messages(task),
                    user=task.user_text,
                    turns=task.turns,
                    sampling=sampling,
                )
                for task in tasks
                if task.id in unanswered
            ],
            on_outcomes=receive,
            stage=STAGE,
            progress=recorder.report,
            control=control,
            log=recorder.log,
            already=sum(task.id not in unanswered for task in tasks),
        )
        found = score_outcomes(
            evaluation.run,
            evaluations.question_outcomes(library, evaluation.id),
            is_complete=recorder.finished,
        )
        if failed and found.unasked + found.unanswered == len(tasks):
            raise UserError(f"No task could be answered: {next(iter(failed))}", TOO_LONG_HINT)
        found = replace(found, repeats=repeats_of(library, evaluation.id))
        recorder.outcome = EvaluationOutcome(
            correct=found.overall.accuracy.correct,
            graded=found.overall.accuracy.n - found.unasked,
            failed=dict(failed),
            engines=sorted(engines),
            repeats=found.repeats,
        ).to_json()
        if forgetting and recorder.finished:
            recorder.unit = ANSWERS  # general questions are no progress of the run
            recorder.finished = note_forgetting(
                library,
                evaluation.id,
                student,
                general,
                progress=recorder.report,
                control=control,
                log=recorder.log,
            )
            found = replace(found, finished=recorder.finished)
    return replace(found, failed=dict(failed), seconds=time.monotonic() - began)


def asked_digest(library: Library, tasks: Sequence[Task], system: System) -> str:
    """Return the identity of what an evaluation asks of some tasks, and of what it expects for an answer.

    Editing a task changes it, as does another instruction for the strategies; renaming a family does not.
    Raises UserError for the system kinds "strategy" and "wrong" when a task has no strategy.
    """
    return _digest(tasks, _messages(library, tasks, system, current_strategies(library)))


def _digest(tasks: Sequence[Task], messages: Callable[[Task], str]) -> str:
    return digest(
        [
            [task.id, messages(task), task.conversation, task.answer, task.answer_kind]
            for task in sorted(tasks, key=lambda task: task.id)
        ]
    )


def _check(tasks: Sequence[Task]) -> None:
    if not tasks:
        raise UserError("There are no tasks to evaluate on.", "Select held-out tasks, or hold some out.")
    if without := [task for task in tasks if task.answer is None]:
        raise UserError(
            f"{len(without):,} of {len(tasks):,} tasks have no reference answer and cannot be graded.",
            "Add reference answers, or leave these tasks out.",
        )


def _settings(
    library: Library,
    student: Runner,
    tasks: Sequence[Task],
    system: System,
    messages: Callable[[Task], str],
    sampling: Sampling,
) -> dict[str, Any]:
    """Return what identifies an evaluation: the model, what it is asked, and how it answers."""
    hashes = HashCache(library.folder)
    settings: dict[str, Any] = {
        "model": hashes.sha256_of(identify(student.model).files),
        "adapter": hashes.sha256(student.adapter) if student.adapter else None,
        "system": asdict(system),
        "sampling": asdict(sampling),
        "questions": digest(sorted(task.id for task in tasks)),
        "asked": _digest(tasks, messages),
    }
    if student.template is not None:  # left out otherwise, so that evaluations of earlier versions resume
        settings["template"] = hashlib.sha256(student.template.encode()).hexdigest()
    if student.as_stored:
        settings["as_stored"] = True
    return settings


def _paired(library: Library, tasks: Sequence[Task]) -> Iterator[tuple[Task, str | None]]:
    """Yield each task with the strategy that an answer to it should follow; None without one.

    An imported strategy has no markers, so whether an answer follows it is unknown.
    """
    pairings = current_pairings(library)
    marked = {name for name, one in current_strategies(library).items() if one.markers}
    for task in tasks:
        paired = strategy_for(task, pairings) if task.strategy or task.family in pairings else None
        yield task, paired if paired in marked else None


def _find_or_create(
    library: Library,
    student: Runner,
    tasks: Sequence[Task],
    system: System,
    settings: Mapping[str, Any],
    name: str,
    request: Mapping[str, Any] | None,
) -> Evaluation:
    """Return the unfinished evaluation with the same inputs, or a new one."""
    if unfinished := find_unfinished(library, evaluations.KIND, settings):
        return evaluations.take_up(library, unfinished.id, name, request)
    questions = [evaluations.Question.of(task, paired) for task, paired in _paired(library, tasks)]
    return evaluations.create_evaluation(
        library,
        model=student.model,
        adapter=student.adapter,
        system_kind=system.kind,
        system=None if system.kind in PER_TASK else student_instruction(system.kind, system.text),
        questions=questions,
        settings=settings,
        name=name,
        request=request,
    )


def _messages(
    library: Library, tasks: Sequence[Task], system: System, known: Mapping[str, Strategy]
) -> Callable[[Task], str]:
    """Return the function from a task to its system message."""
    if system.kind not in PER_TASK:
        text = student_instruction(system.kind, system.text)
        return lambda task: text
    pairings = current_pairings(library)
    chosen = {task.id: strategy_for(task, pairings) for task in tasks}
    if system.kind == "wrong":
        chosen = {task: wrong_strategy(task, own, known) for task, own in chosen.items()}
    instructions = {task: known[strategy].instruction for task, strategy in chosen.items()}
    return lambda task: instructions[task.id]


def _graded(task: Task, answer: Answer, known: Mapping[str, Strategy]) -> Answered:
    verdict = grade_answer(task, answer.text)
    assert verdict is not None
    return Answered(
        task_id=task.id,
        response=answer.text,
        correct=verdict.correct,
        reason=verdict.reason,
        recognised=recognise(answer.text, known.values()),
        completion_tokens=answer.completion_tokens,
        finish_reason=answer.finish_reason,
    )
