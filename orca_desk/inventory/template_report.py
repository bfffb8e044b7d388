"""A chat template tried on a model's tokenizer, beside the model's own: what a user sees before using it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.models.chat_template import read_chat_template
from orca_desk.processes.host import run_worker
from orca_desk.prompts.switches import split_switches
from orca_desk.prompts.template_check import TemplateCheck, first_difference

OTHERWISE = "Correct the template, or use the model's own."


@dataclass(frozen=True, kw_only=True)
class TemplateReport:
    """A template with the result of trying it: a `check`, or the `problem` that keeps it from use.

    `own` says whether it is the model's own, `switched` whether it is that with switches set. `difference`
    is where its prompts begin to differ from those of the model's own: a piece of both; None where they are
    the same, or where its own can't be used.
    """

    source: str
    own: bool
    switched: bool = False
    check: TemplateCheck | None = None
    problem: str = ""
    hint: str = ""
    difference: tuple[str, str] | None = None
    own_check: TemplateCheck | None = None  # of the model's own template, if it can be used


def report_template(
    model: Path, template: str | None = None, *, earlier: TemplateReport | None = None
) -> TemplateReport:
    """Try `template`, or the model's own one, on `model`, a GGUF file or a folder, in a worker.

    An `earlier` report on the same model spares a look at its own template. Raises UserError where the model
    cannot be read. Takes about a second.
    """
    theirs = read_chat_template(model)
    source = theirs if template is None else template
    if source is None:
        return TemplateReport(
            source="",
            own=True,
            problem="The model has no chat template.",
            hint="Set one, or use its instruction-tuned variant.",
        )
    is_own = source == theirs
    own = earlier.own_check if earlier else None
    if own is None and theirs is not None and not is_own:
        own = _check_or_none(model, theirs)
    try:
        check = own if is_own and own else _check(model, source)
    except UserError as error:
        hint = error.hint if is_own else OTHERWISE
        return TemplateReport(source=source, own=is_own, problem=error.message, hint=hint, own_check=own)
    own = check if is_own else own
    return TemplateReport(
        source=source,
        own=is_own,
        switched=not is_own and theirs is not None and split_switches(source)[1] == split_switches(theirs)[1],
        check=check,
        difference=first_difference(own, check) if own else None,
        own_check=own,
    )


def _check_or_none(model: Path, template: str) -> TemplateCheck | None:
    try:
        return _check(model, template)
    except UserError:
        return None


def _check(model: Path, template: str) -> TemplateCheck:
    found: list[dict[str, Any]] = []
    run_worker(
        "prompt",
        {"model": str(model), "template": template},
        requests=[{"key": "check", "check": True}],
        on_events=found.extend,
    )
    event = next((one for one in found if one["event"] in ("checked", "failure")), None)
    if event is None:
        raise RuntimeError(f"The prompt worker checked nothing: {json.dumps(found)[:200]}")
    if event["event"] == "failure":
        raise UserError(event["message"], event["hint"])
    return TemplateCheck.from_json(event["check"])
