"""What a student lost: it and its base answer the general probe, and their distributions are compared.

Answers and divergences are stored as they arrive, by who gave them: a stopped measurement is resumed, and a
base that an earlier student was compared with is not asked again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.templates import with_template
from orca_desk.library import forgetting as stored
from orca_desk.library.database import Library
from orca_desk.library.forgetting import ProbeAnswer
from orca_desk.library.general_probe import (
    ProbeQuestion,
    neutral_prompts,
    probe_questions,
    probe_version,
)
from orca_desk.method.forgetting import Forgetting, PromptDivergence, forgetting
from orca_desk.method.naming import names_answer
from orca_desk.method.records import Sampling, Task, digest, question_key
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.pace import TimeRange, answering_time
from orca_desk.processes.asking import Answer, AskOutcome, Prompt, Runner, ask
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.processes.protocol import Message
from orca_desk.steps.grading import grade_answer

ANSWER_TOKENS = 128  # of a general question: each has an answer of one or a few words
NEUTRAL_TOKENS = 48  # of the base's answer to an everyday request, at each of which the two are compared
PROMPT_TOKENS, SHORTEST = 40, 4  # of a question, and of a short answer
IN_FORM = ("code",)  # kinds of which a sentence is no answer, as capitals and quotes count
GRADING = 2  # how answers are graded; another number asks and grades again
HINT = "Evaluate again to measure it, or leave it out."


@dataclass(frozen=True, kw_only=True)
class ForgettingReport:
    """What an evaluation found out about forgetting; `found` is None where it failed, for `reason`."""

    found: Forgetting | None
    reason: str = ""


def probe_time(students: Sequence[ModelFile]) -> TimeRange:
    """Estimate the time to measure what some students lost, whose bases are given and were not asked before.

    The answers have a few tokens each, or half of those allowed: a published model of 135M parameters
    wrote 32 on average, and 10 once it was tuned.
    """
    questions = 2 * len(probe_questions())  # the student's and the base's
    forced = 3 * len(neutral_prompts()) * (PROMPT_TOKENS + NEUTRAL_TOKENS)  # written once, read twice
    least = questions * (PROMPT_TOKENS + SHORTEST) + forced
    most = questions * (PROMPT_TOKENS + ANSWER_TOKENS // 2) + forced
    return TimeRange(
        low=sum(answering_time(one, least).low for one in students),
        high=sum(answering_time(one, most).high for one in students),
    )


def measure_forgetting(
    library: Library,
    student: Runner,
    *,
    system: str,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> Forgetting | None:
    """Measure what `student`, a model with an adapter, lost against the model without it; None when stopped.

    Both get the system message `system`. Greedy, so that the same files give the same result. Raises
    UserError for a student without an adapter, and when a model cannot be used or can answer nothing.
    """
    control = control or JobControl()
    if student.adapter is None:
        raise UserError("Only an adapter can be compared with its base.", "Name the adapter.")
    student = with_template(library, student)
    base = replace(student, adapter=None)
    keys = {one: _respondent(library, one, system) for one in (base, student)}
    for runner, stage in ((base, "general questions: base"), (student, "general questions: student")):
        if not _ask(library, runner, keys[runner], system, stage, progress, control, log):
            return None
    if not _diverge(library, student, keys[student], system, progress, control, log):
        return None
    questions = probe_questions()
    try:
        return forgetting(
            stored.probe_answers(library, keys[base]),
            stored.probe_answers(library, keys[student]),
            {one.key: one.kind for one in questions},
            list(stored.divergences(library, keys[student]).values()),
            probe=probe_version(),
            system=system,
        )
    except ValueError as error:
        raise UserError("The general questions do not fit the model's context.", HINT) from error


def note_forgetting(
    library: Library,
    evaluation_id: str,
    student: Runner,
    system: str,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> bool:
    """Measure what the student of an evaluation lost, and store it with the evaluation; False when stopped.

    Where it cannot be measured, the reason is stored: the evaluation's own answers are none the worse for it.
    """
    reason, found = "", None
    try:
        found = measure_forgetting(
            library, student, system=system, progress=progress, control=control, log=log
        )
    except UserError as error:
        reason = error.message
    if found is None and not reason:
        return False
    values = {"found": None if found is None else found.to_json(), "reason": reason}
    stored.store_report(library, evaluation_id, values)
    return True


def forgetting_report(library: Library, evaluation_id: str) -> ForgettingReport | None:
    """Return what an evaluation found out about forgetting; None if it did not look."""
    values = stored.stored_report(library, evaluation_id)
    if values is None:
        return None
    try:
        found = None if values["found"] is None else Forgetting.from_json(values["found"])
        return ForgettingReport(found=found, reason=values["reason"])
    except (KeyError, TypeError):
        return ForgettingReport(found=None, reason="Another version of Orca Desk stored this result.")


def report_json(report: ForgettingReport | None) -> dict[str, Any] | None:
    """Return a report as JSON values, with what was lost to a large extent; None without a report."""
    if report is None:
        return None
    if report.found is None:
        return {"reason": report.reason}
    found = report.found
    return found.to_json() | {"large": list(found.large), "base_answers_hardly_any": found.is_floor}


def forgetting_of(library: Library, evaluation_id: str) -> Forgetting | None:
    """Return what the student of an evaluation lost; None if that was not measured."""
    report = forgetting_report(library, evaluation_id)
    return report.found if report else None


def _respondent(library: Library, runner: Runner, system: str) -> str:
    """Return the identity of a model under a message: what it answers is stored by it."""
    hashes = HashCache(library.folder)
    return digest(
        [
            hashes.sha256_of(identify(runner.model).files),
            hashes.sha256(runner.adapter) if runner.adapter else None,
            runner.template,
            system,
            probe_version(),
            [ANSWER_TOKENS, NEUTRAL_TOKENS, GRADING],
        ]
    )


def _ask(
    library: Library,
    runner: Runner,
    respondent: str,
    system: str,
    stage: str,
    progress: Progress,
    control: JobControl,
    log: Path | None,
) -> bool:
    """Put to a model the questions that it has not answered; return False when stopped."""
    known = stored.probe_answers(library, respondent)
    questions = {one.key: one for one in probe_questions()}
    sampling = Sampling(temperature=0.0, max_tokens=ANSWER_TOKENS)

    def receive(outcomes: list[AskOutcome]) -> None:
        answers = [
            _graded(questions[outcome.key], outcome) for outcome in outcomes if isinstance(outcome, Answer)
        ]
        stored.add_probe_answers(library, respondent, answers)

    return ask(
        "evaluate",
        runner,
        [
            Prompt(key=key, system=system, user=one.question, sampling=sampling)
            for key, one in questions.items()
            if key not in known
        ],
        on_outcomes=receive,
        stage=stage,
        progress=lambda update: progress(replace(update, unit="questions")),
        control=control,
        log=log,
        already=len(known),
    )


def _graded(question: ProbeQuestion, answer: Answer) -> ProbeAnswer:
    return ProbeAnswer(
        question=question.key,
        response=answer.text,
        correct=is_correct(question, answer.text),
        completion_tokens=answer.completion_tokens,
        finish_reason=answer.finish_reason,
    )


def is_correct(question: ProbeQuestion, response: str) -> bool:
    """Return whether a response gives one of the answers to a general question, alone or in a sentence."""
    answers = (question.answer, *question.also)
    kind, asked = question.answer_kind, question.question
    tasks = [Task(family=question.kind, query=asked, answer=one, answer_kind=kind) for one in answers]
    if any((verdict := grade_answer(task, response)) and verdict.correct for task in tasks):
        return True
    in_words = kind == "text" and question.kind not in IN_FORM
    return in_words and any(names_answer(asked, response, one) for one in answers)


def _diverge(
    library: Library,
    student: Runner,
    respondent: str,
    system: str,
    progress: Progress,
    control: JobControl,
    log: Path | None,
) -> bool:
    """Compare the distributions on the prompts that are not compared yet; return False when stopped."""
    known = stored.divergences(library, respondent)
    prompts = {question_key(text): text for text in neutral_prompts()}
    missing = {key: text for key, text in prompts.items() if key not in known}
    if not missing:
        return True
    meter = Meter(
        progress,
        stage="comparing distributions",
        total=len(prompts),
        unit="prompts",
        already=len(prompts) - len(missing),
    )

    def receive(events: list[Message]) -> None:
        found = {event["key"]: _found(event) for event in events if event["event"] == "divergence"}
        stored.add_divergences(library, respondent, found)
        meter.advance(len(found))

    job = student.as_job() | {
        "tokens": NEUTRAL_TOKENS,
        "prompts": [[key, [["system", system], ["user", text]]] for key, text in missing.items()],
    }
    return run_worker("divergence", job, on_events=receive, control=control, log=log)


def _found(event: Mapping[str, Any]) -> PromptDivergence:
    return PromptDivergence(tokens=event["tokens"], nats=event["nats"], changed=event["changed"])
