"""Sampling settings in words."""

from dataclasses import fields

from orca_desk.method.records import Sampling
from orca_desk.ui.words.settings import title


def sampling_text(sampling: Sampling) -> str:
    """Return the temperature, and what else is not as usual: "temperature 0.7, top k 20"."""
    effective, usual = sampling.effective, Sampling()
    names = [one.name for one in fields(Sampling) if one.name != "stop"]
    told = [
        name for name in names if name == "temperature" or getattr(effective, name) != getattr(usual, name)
    ]
    return ", ".join(f"{title(name).lower()} {getattr(effective, name):g}" for name in told)
