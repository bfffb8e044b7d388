"""The steps of an answer, in words: what they are checked by, and what is wrong with one."""

from orca_desk.counting import counted
from orca_desk.method.answer_reading import AnswerReading, StepFaults
from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers import NONE, StepCheck, StepFault

OUTCOMES = {"correct": "correct", "incorrect": "incorrect", "unchecked": "not checked"}
CHECKERS = {
    "auto": "Automatic",
    "arithmetic": "Arithmetic of each line",
    "quotes": "Quoted text is in the question",
    "order": "Order is consistent",
    "none": "No checker",
}
CHECKER_HELP = {
    "auto": "The bundled families' own checker, recognised by the question; other tasks have none.",
    "arithmetic": "Works out every equation again.",
    "quotes": "Looks for quotations in the question and its context.",
    "order": "Finds steps that contradict the order given by the question or by earlier steps.",
    "none": "Checks no steps.",
}
CHECKED_BY = {
    "arithmetic": "their arithmetic",
    "quotes": "their quotations",
    "order": "the order they state",
}
FAULT_NAMES = {
    StepFault.SUM: "arithmetic",
    StepFault.DIFFERS: "not what the question says",
    StepFault.NOT_QUOTED: "quotation not in the question",
    StepFault.CONTRADICTS: "contradiction",
    StepFault.ANSWER: "final answer",
}
UNSCORED = {
    "": "",
    "no question": "Its tokens cannot be scored: what was asked is no longer known.",
    "message per task": (
        "Its tokens cannot be scored: each task had a system message of its own, which is no longer known."
    ),
    "no adapter": (
        "Its tokens cannot be scored: the file of its adapter is missing. Evaluating the checkpoints of its"
        " training again re-creates those of checkpoints."
    ),
    "no model": "Its tokens cannot be scored: the model that wrote it is not on this machine, or not known.",
}
KIND_NAMES = {"text": "sentence", "number": "numbered step", "answer": "final answer", "code": "code"}


def fault_reason(check: StepCheck) -> str:
    """Return why a step is incorrect, as a sentence; "" for another step."""
    facts = check.facts
    match check.fault:
        case StepFault.SUM:
            return f"It says {facts['stated']}, but the value is {facts['value']}."
        case StepFault.DIFFERS | StepFault.ANSWER:
            return f"It should be: {facts['expected']}."
        case StepFault.NOT_QUOTED:
            return f"The question does not contain “{facts['quote']}”."
        case StepFault.CONTRADICTS:
            return f"“{facts['relation']}” contradicts “{facts['other']}”."
    return ""


def step_name(step: AnswerStep) -> str:
    """Return what opens a step: "Step 2", "Recall", "sentence"."""
    if step.marker:
        name = step.marker[:1].upper() + step.marker[1:]
        return f"{name} {step.said_number}" if step.said_number is not None else name
    return KIND_NAMES.get(step.kind, step.kind)


def reading_summary(reading: AnswerReading) -> str:
    """Return a reading in one line: the strategy, how many steps there are, and the first incorrect one."""
    strategy = f"Follows {reading.strategy}" if reading.strategy else "No clear strategy"
    return f"{strategy} · {steps_summary(reading)}"


def steps_summary(reading: AnswerReading) -> str:
    """Return in one line how many steps there are, and the first incorrect one."""
    if not reading.steps:
        return "no step: the answer is empty"
    parts = [counted(len(reading.steps), "step")]
    if reading.checker == NONE:
        parts.append("steps not checked: no checker was chosen for such questions")
    elif reading.first_incorrect is not None:
        parts.append(f"first incorrect: {reading.first_incorrect}")
    elif reading.checked:
        by = CHECKED_BY.get(reading.checker, "the family's rules")
        parts.append(f"no incorrect step among the {reading.checked} checked by {by}")
    else:
        parts.append("no step could be checked")
    return " · ".join(parts)


def faults_summary(faults: StepFaults) -> str:
    """Return in a sentence how many answers go wrong, and in how many that cannot be told."""
    wrong = faults.by_place.total()
    return (
        f"{counted(wrong, 'answer')} of {faults.answers:,} with an incorrect step, {faults.clean:,} with none"
        f" among the steps that could be checked, {faults.unchecked:,} with no step that could be checked."
    )


def marker_name(marker: str) -> str:
    """Return what opened a step, for a table: "step", "sentence"."""
    return KIND_NAMES.get(marker, marker)


def fault_name(code: str) -> str:
    """Return the name of a fault's code."""
    return FAULT_NAMES[StepFault(code)]
