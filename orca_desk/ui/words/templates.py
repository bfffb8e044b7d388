"""Chat templates in words: what one does with a model's prompts, and whether it can be used."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.inventory.template_report import TemplateReport
from orca_desk.prompts.switches import SWITCHES
from orca_desk.prompts.template_check import TemplateCheck, Thoughts
from orca_desk.ui.words.models import REMARKS

Tone = Literal["good", "warn", "bad", "muted"]
THOUGHTS: dict[Thoughts, str] = {
    "none": "",
    "dropped": "Thoughts of earlier answers are not sent again.",
    "kept": "The template keeps thoughts of earlier answers. A chat leaves them out anyway.",
}
SWITCH_TITLES = {
    "enable_thinking": "Thinking",
    "thinking": "Thinking",
    "reasoning_effort": "Reasoning effort",
}
SWITCH_TIP = (
    "The template reads {name} and leaves it to the application. What you choose becomes a line at the start "
    "of the template, so that teacher, training, chat and exported files all use it."
)
UNSET = "As the template decides"
_VALUES = {"true": "On", "false": "Off"}


@dataclass(frozen=True)
class TemplateFinding:
    """One thing to know about a template: a sentence, and how good it is."""

    tone: Tone
    text: str


def whose(report: TemplateReport) -> str:
    """Return whose template it is."""
    if report.switched:
        return "The model's own template, with a switch set by you"
    return "The model's own template" if report.own else "Your template for this model"


def value_title(value: str) -> str:
    """Return a switch's value as a choice: "On", "Low"."""
    return _VALUES.get(value, value.strip('"').capitalize())


def switch_choices(name: str) -> list[tuple[str, str]]:
    """Return the choices of a switch: what is shown, and the value ("" where the template decides)."""
    return [(UNSET, ""), *((value_title(value), value) for value in SWITCHES[name])]


def findings_of(report: TemplateReport) -> list[TemplateFinding]:
    """Return what a user should know of a template, what matters most first."""
    if report.check is None:
        return [TemplateFinding("bad", f"{report.problem} {report.hint}".strip())]
    check = report.check
    found = [_end(check), _system(check), _texts(check)]
    if not check.multi_turn:
        found.append(
            TemplateFinding("warn", "It takes one question only: a chat can't continue after its answer.")
        )
    if check.unset:
        names = ", ".join(check.unset)
        found.append(TemplateFinding("warn", f"It reads {names}, which stays empty here, as in llama.cpp."))
    if THOUGHTS[check.thoughts]:
        found.append(TemplateFinding("muted", THOUGHTS[check.thoughts]))
    found += [
        TemplateFinding("muted", REMARKS[remark]) for remark in check.remarks if remark != "system_in_user"
    ]
    if not report.own and not report.switched:
        found.append(_difference(report))
    return found


def _end(check: TemplateCheck) -> TemplateFinding:
    if check.end:
        return TemplateFinding("good", f"An answer ends with the token {check.end}.")
    stops = " or ".join(repr(stop) for stop in check.stops)
    until = f"at {stops}" if stops else "at the length limit"
    return TemplateFinding(
        "warn",
        f"No token ends an answer. A teacher's answers stop {until}, and a student can't be trained with it.",
    )


def _system(check: TemplateCheck) -> TemplateFinding:
    if "system_in_user" in check.remarks:
        return TemplateFinding("muted", REMARKS["system_in_user"])
    if check.own_system:
        return TemplateFinding(
            "good",
            "The system message has a turn of its own. Where there is none, the template would write its own "
            "text; it gets an empty message instead.",
        )
    return TemplateFinding("good", "The system message has a turn of its own.")


def _texts(check: TemplateCheck) -> TemplateFinding:
    if check.injected:
        names = ", ".join(check.injected)
        return TemplateFinding("bad", f"Text of a message can become control tokens: {names}.")
    return TemplateFinding("good", "Text of a message can't become a control token.")


def _difference(report: TemplateReport) -> TemplateFinding:
    if report.difference is None:
        return TemplateFinding("muted", "For a usual chat, the prompts are the same as with the model's own.")
    theirs, ours = report.difference
    return TemplateFinding(
        "warn",
        f"Prompts differ from those that the model was trained with: {ours!r} in place of {theirs!r}.",
    )
