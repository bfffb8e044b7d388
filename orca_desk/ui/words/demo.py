"""The two demos in words: with the mini student, and with a published model in its place."""

from collections.abc import Mapping

from orca_desk.steps.demo.stages import AskedOutcome
from orca_desk.steps.demo.state import DemoStudent
from orca_desk.ui.words.grading import verdict_reason

STUDENT_NAMES: Mapping[DemoStudent, str] = {
    "mini": "the mini student",
    "real": "a real model, SmolLM2-135M-Instruct",
}
JOB_TITLES: Mapping[DemoStudent, str] = {"mini": "The demo", "real": "The demo with a real model"}
RUN_REAL = "Run it with a real model, about 20 minutes"
REAL_HINT = (
    "The same walk with SmolLM2-135M-Instruct (134.5 million parameters, Apache-2.0) as the student, instead"
    " of the mini student. Its 4-bit weights come with Orca Desk; nothing is downloaded."
)

NEEDS_SAMPLES = "The demo works on the sample tasks, and this library is empty."


def samples_choice(count: int) -> str:
    """Return what the two ways to run the demo in an empty library are."""
    return (
        f"Add the {count:,} sample tasks to this library, where Tasks › Remove the sample tasks takes them"
        " out again with one click. Or run the demo in a library of its own, in another window, and keep this"
        " one for your tasks."
    )


def result_heading(student: DemoStudent) -> str:
    """Return the heading of a demo's result, which names its student."""
    return f"What the demo found with {STUDENT_NAMES[student]}"


def asked_text(found: AskedOutcome) -> str:
    """Return what the students made of the worked example, one line each."""
    lines = []
    for who, one in found.verdicts.items():
        word = "correct" if one.correct else "incorrect"
        lines.append(f"{who.capitalize()} student: {word}. {verdict_reason(one.reason)}")
    return "\n".join(lines)
