"""Columns of a chat that do not sample as the others do, such as one model at two temperatures."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling

OwnSampling = Mapping[int, Sampling]  # by the column's number
NONE: OwnSampling = MappingProxyType({})


def sampling_as_json(sampling: Sampling) -> dict[str, Any]:
    """Return sampling settings as a library keeps them."""
    return {name: value for name, value in asdict(sampling).items() if name != "stop"}


def sampling_of(stored: Any) -> Sampling | None:
    """Return stored settings; None if another version of the app stored something else, or nothing."""
    try:
        return Sampling(**stored)
    except (TypeError, UserError):
        return None
