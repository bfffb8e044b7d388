"""The training settings as options of a command."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import click
from click.core import ParameterSource

from orca_desk.steps.train.presets import get_preset
from orca_desk.student.settings import CHOICES, TrainSettings


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each training setting, with its help text and default."""
    for entry in reversed(fields(TrainSettings)):
        name, default = entry.name.replace("_", "-"), entry.default
        kind = click.Choice(CHOICES[entry.name]) if entry.name in CHOICES else type(default)
        flag = f"--{name}/--no-{name}" if isinstance(default, bool) else f"--{name}"
        command = click.option(
            flag,
            entry.name,
            type=None if isinstance(default, bool) else kind,
            default=default,
            show_default=True,
            help=entry.metadata["help"],
        )(command)
    return command


def given_settings(values: Mapping[str, Any], *, preset: str | None) -> TrainSettings:
    """Return the settings of the running command: those of a preset, changed by the options that are given.

    Raises UserError for an unknown preset and for a bad value.
    """
    if preset is None:
        return TrainSettings(**values)
    context = click.get_current_context()
    given = {
        name: value
        for name, value in values.items()
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    return TrainSettings.from_dict(get_preset(preset).to_dict() | given)
