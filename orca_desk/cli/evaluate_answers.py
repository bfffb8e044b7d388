"""`orca-desk evaluate answers`: the answers of an evaluation, step by step."""

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import click

from orca_desk.cli.options import (
    checker_option,
    examples,
    existing_library_option,
    json_option,
    open_library,
)
from orca_desk.cli.output import print_json, say, table
from orca_desk.library.answers import AskedFilter, Pattern
from orca_desk.method.answer_reading import AnswerReading, StepFaults
from orca_desk.steps.evaluate.answer_steps import ReadAnswer, first_faults, read_answers
from orca_desk.ui.words.answer_steps import (
    OUTCOMES,
    fault_name,
    fault_reason,
    faults_summary,
    marker_name,
    reading_summary,
)
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.records import verdict_word

PATTERNS = [name for name in get_args(Pattern) if name not in ("pair", "differ")]


@click.command(
    "answers",
    epilog=examples(
        "orca-desk evaluate answers evaluate-2",
        "orca-desk evaluate answers evaluate-2 --family words --only 'all incorrect' --limit 5",
        "orca-desk evaluate answers evaluate-2 --json",
        "orca-desk evaluate answers evaluate-2 --faults",
    ),
)
@click.argument("evaluation")
@click.option("--family", help="Only the tasks of this family.")
@click.option("--text", default="", help="Only tasks with this text in the question or the answer.")
@click.option("--only", type=click.Choice(PATTERNS), default="all", show_default=True, help="Which results.")
@click.option("--limit", type=click.IntRange(1), help="Maximum number of answers to print.")
@click.option("--faults", is_flag=True, help="Only count where answers first go wrong.")
@checker_option
@existing_library_option
@json_option
def answers(
    evaluation: str,
    family: str | None,
    text: str,
    only: Pattern,
    limit: int | None,
    faults: bool,
    checker: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Show the answers of an EVALUATION with their strategy, their steps and the first incorrect step.

    Steps are checked by the checker of the task's family: see `orca-desk tasks families --checker`. A step
    that it cannot read is "not checked", never correct.
    """
    wanted = AskedFilter(pattern=only, family=family, text=text)
    with open_library(folder, create=False) as library:
        if faults:
            counted_faults = first_faults(library, evaluation, wanted)
            if as_json:
                print_json(counted_faults)
            else:
                _show_faults(counted_faults)
            return
        found = []
        for one in read_answers(library, evaluation, wanted, checker=checker):
            found.append(one)
            if len(found) == limit:
                break
    if as_json:
        print_json([_as_json(one) for one in found])
        return
    for one in found:
        _show(one)
    if not found:
        say("No answers match.")


def reading_json(reading: AnswerReading) -> dict[str, Any]:
    """Return an answer's reading as JSON values."""
    return {
        "strategy": reading.strategy,
        "checker": reading.checker,
        "first_incorrect": reading.first_incorrect,
        "steps": [
            {
                "number": step.number,
                "kind": step.kind,
                "marker": step.marker,
                "start": step.start,
                "end": step.end,
                "text": step.text,
                "outcome": check.outcome,
                "fault": check.fault,
                "why": fault_reason(check),
            }
            for step, check in zip(reading.steps, reading.checks, strict=True)
        ],
    }


def show_steps(reading: AnswerReading) -> None:
    """Print an answer's steps, numbered, each with what its check says."""
    for step, check in zip(reading.steps, reading.checks, strict=True):
        mark = {"correct": "✓", "incorrect": "✗", "unchecked": "·"}[check.outcome]
        text = " ".join(step.text.split())
        say(f"  {step.number:>2} {mark} {text}")
        if check.outcome == "incorrect":
            say(f"       {OUTCOMES[check.outcome]}: {fault_reason(check)}")


def _as_json(one: ReadAnswer) -> dict[str, Any]:
    answered = one.answered
    return {
        "task": answered.task_id,
        "family": one.family,
        "question": one.question,
        "reference": one.reference,
        "response": answered.response,
        "correct": answered.correct,
        "reason": verdict_reason(answered.reason),
        "paired": one.paired,
        "completion_tokens": answered.completion_tokens,
        "finish_reason": answered.finish_reason,
        **reading_json(one.reading),
    }


def _show(one: ReadAnswer) -> None:
    verdict = verdict_word(one.answered.correct)
    say(f"{one.answered.task_id} ({one.family}): {verdict}. {reading_summary(one.reading)}")
    show_steps(one.reading)


def _show_faults(faults: dict[str, StepFaults]) -> None:
    overall = faults["overall"]
    say(faults_summary(overall))
    if not overall.by_place:
        return
    table(
        "First incorrect step by family",
        {
            "family": "left",
            "answers": "right",
            "incorrect": "right",
            "none found": "right",
            "not checked": "right",
        },
        [
            [name, f"{one.answers:,}", f"{one.by_place.total():,}", f"{one.clean:,}", f"{one.unchecked:,}"]
            for name, one in faults.items()
        ],
    )
    places = Counter({f"step {place}": count for place, count in sorted(overall.by_place.items())})
    for title, counts, name in (
        ("By number", places, str),
        ("By the step's opening", overall.by_marker, marker_name),
        ("By fault", overall.by_fault, fault_name),
    ):
        ordered = counts.items() if counts is places else counts.most_common()
        table(title, {"": "left", "answers": "right"}, [[name(key), f"{count:,}"] for key, count in ordered])
