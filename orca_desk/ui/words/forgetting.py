"""What a student lost, in words."""

from typing import TYPE_CHECKING

from orca_desk.counting import counted
from orca_desk.library.general_probe import probe_questions
from orca_desk.ui.words.evaluations import p_value
from orca_desk.ui.words.progress import between

if TYPE_CHECKING:
    from orca_desk.method.forgetting import Estimate, Forgetting, Loss
    from orca_desk.models.pace import TimeRange
    from orca_desk.steps.evaluate.forgetting import ForgettingReport

TITLE = "What it lost"
KINDS = {
    "arithmetic": "Arithmetic",
    "knowledge": "General knowledge",
    "words": "Meaning of words",
    "grammar": "Grammar and spelling",
    "instructions": "Following instructions",
    "reading": "Reading",
    "sense": "Common sense",
    "code": "Reading code",
    "languages": "Languages",
    "everyday": "Everyday facts",
}
ABOUT = (
    "The student and its base answer the same general questions under this evaluation's system message"
    " (without one where it differs from task to task). No student is trained on them."
)
DIVERGENCE_TIP = (
    "KL divergence from the base to the student, in nats per token, on the base's own answers to everyday"
    " requests. 0: the same distribution at every token. Rounding weights to four bits costs about 0.03, to"
    " two bits about 0.33."
)
NOT_MEASURED = "What it lost was not measured."


def kind_title(kind: str) -> str:
    """Return the title of a kind of question."""
    return KINDS.get(kind, kind)


def report_lines(report: "ForgettingReport") -> list[str]:
    """Return what an evaluation found out about forgetting, a sentence per measure, warnings first."""
    if report.found is None:
        return [f"{NOT_MEASURED} {report.reason}"]
    found = report.found
    return [*warnings(found), answers_text(found), divergence_text(found), lengths_text(found), *notes(found)]


def answers_text(found: "Forgetting") -> str:
    """Return how many general questions each of the two answered correctly, and the paired difference."""
    one = found.overall
    change = f"{100 * one.difference:+.1f} points ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
    verdict = f"{one.finding}, {p_value(one.p)}"
    return (
        f"General questions: {found.student.correct:,} of {one.n:,} correct, {found.base.correct:,} before"
        f" training: {change}, {verdict}."
    )


def divergence_text(found: "Forgetting") -> str:
    """Return how far the distributions are apart."""
    one = found.divergence
    return (
        f"Divergence from the base: {_interval(one.nats)} nats per token; the likeliest token differs at"
        f" {one.changed:.0%} of {counted(one.tokens, 'token')}."
    )


def lengths_text(found: "Forgetting") -> str:
    """Return how the answers' lengths changed."""
    return (
        f"Answer length on general questions: {found.student_tokens:.0f} tokens,"
        f" {found.base_tokens:.0f} before training, times {_interval(found.ratio)}."
    )


def general_questions_text(students: int) -> str:
    """Return how many general questions are asked for some students, of each and of its base."""
    questions = counted(len(probe_questions()), "general question")
    asked = "the student" if students == 1 else f"each of {students:,} students"
    return f"{questions} to {asked} and, once, to its base"


def general_time_text(time: "TimeRange | None") -> str:
    """Return how long that takes, to be added to `general_questions_text`."""
    return f" ({between(time.low, time.high)})" if time else ""


def warnings(found: "Forgetting") -> list[str]:
    """Return a sentence for everything that was lost to a large extent."""
    return [_WARNINGS[one] for one in found.large]


def notes(found: "Forgetting") -> list[str]:
    """Return what limits the measurement."""
    lines = []
    if found.is_floor:
        lines.append(
            "The base answers hardly any of the general questions, so a loss cannot show there: go by the"
            " divergence and the length."
        )
    if found.unasked:
        lines.append(f"{counted(found.unasked, 'general question')} could not be asked: left out for both.")
    if found.base_cut or found.student_cut:
        lines.append(
            f"Cut off at the length limit: {counted(found.student_cut, 'answer')} of the student,"
            f" {found.base_cut:,} of the base."
        )
    return lines


def _interval(one: "Estimate") -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


_WARNINGS: dict["Loss", str] = {
    "answers": "The student lost general ability: five points or more of the general questions, clearly.",
    "divergence": (
        "The student is far from its base on everyday requests: further than rounding all weights to two bits"
        " would take it. Fewer epochs, a lower learning rate or a smaller rank keep it closer."
    ),
    "longer": "The student's answers to general questions are at least twice as long as before.",
    "shorter": "The student's answers to general questions are at most half as long as before.",
}
