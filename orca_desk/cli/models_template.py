"""`orca-desk models template`: a chat template, with a preview and a check, or another one instead."""

import sys
from pathlib import Path
from typing import Any

import click

from orca_desk.cli.options import examples, json_option, library_option, open_library
from orca_desk.cli.output import complain, print_json, say
from orca_desk.errors import UserError
from orca_desk.inventory.template_report import TemplateReport, report_template
from orca_desk.inventory.templates import Overrides, read_template, set_override
from orca_desk.prompts.switches import SWITCHES, split_switches, with_switches
from orca_desk.ui.words.templates import findings_of, whose

STYLES = {"warn": "yellow", "bad": "red"}


@click.command(
    "template",
    epilog=examples(
        "orca-desk models template teacher.gguf",
        "orca-desk models template teacher.gguf --file mine.jinja --check",
        "orca-desk models template teacher.gguf --switch enable_thinking=false",
        "orca-desk models template teacher.gguf --own",
    ),
)
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Use the Jinja template in this file for the model.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a switch of the template, such as enable_thinking=false.",
)
@click.option("--own", is_flag=True, help="Use the model's own template again.")
@click.option(
    "--check", is_flag=True, help="Only try the template; change nothing. Fails for one that can't be used."
)
@library_option
@json_option
def template(
    model: Path,
    file: Path | None,
    switches: tuple[str, ...],
    own: bool,
    check: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Show the chat template of MODEL, a GGUF file or a student's folder, with a preview; or change it.

    A template belongs to the model's weights, wherever their files are. Teacher, training, evaluation, chat
    and exported files all use it; records name it by its hash. The model's files are not changed.
    """
    changes = file is not None or own or bool(switches)
    if own and (file or switches):
        raise click.UsageError("--own goes back to the model's own template: leave out --file and --switch.")
    wanted = None if own else Overrides.in_folder(folder).find(model)
    if file is not None:
        wanted = read_template(file)
    if switches:
        wanted = _switched(report_template(model, wanted), _values(switches))
    report = report_template(model, wanted)
    if changes and not check:
        if report.check is None and not own:
            raise UserError(report.problem, report.hint)
        with open_library(folder) as library:
            set_override(library, model, wanted)
    _print(report, as_json=as_json)
    if check and report.check is None:
        sys.exit(1)


def _switched(report: TemplateReport, values: dict[str, str]) -> str:
    """Return a template with more switches set. Raises UserError for one that it does not read."""
    known = report.check.switches if report.check else ()
    if unknown := sorted(values.keys() - set(known)):
        raise UserError(
            f"The template does not read {', '.join(unknown)}.",
            f"Its switches: {', '.join(known)}." if known else "It has no switches.",
        )
    set_before, _ = split_switches(report.source)
    return with_switches(report.source, set_before | values)


def _values(switches: tuple[str, ...]) -> dict[str, str]:
    """Return the switches as Jinja writes their values. Raises UsageError for one that is not known."""
    found = {}
    for text in switches:
        name, _, value = text.partition("=")
        allowed = {one.strip('"'): one for one in SWITCHES.get(name, ())}
        if value not in allowed:
            known = "; ".join(f"{one}={'|'.join(values)}" for one, values in SWITCHES.items())
            raise click.UsageError(f"--switch {text} is not known. Choose from: {known}".replace('"', ""))
        found[name] = allowed[value]
    return found


def _print(report: TemplateReport, *, as_json: bool) -> None:
    findings = findings_of(report)
    if as_json:
        values: dict[str, Any] = {
            "own": report.own,
            "usable": report.check is not None,
            "template": report.source,
            "check": report.check.to_json() if report.check else None,
            "difference": report.difference,
            "findings": [one.text for one in findings],
        }
        print_json(values)
        return
    say(f"{whose(report)}:\n")
    say(report.source)
    if report.check:
        say("\nA prompt with it:\n")
        say("".join(span.text for span in report.check.preview))
    say("")
    for one in findings:
        complain(one.text, STYLES[one.tone]) if one.tone in STYLES else say(one.text)
