"""Reads the fields of a request's JSON body: each with its type and its range, or a refusal that names it."""

import json
import math
from collections.abc import Collection, Mapping
from typing import Any

from orca_desk.serving.refusals import ApiError


class Fields:
    """The fields of one JSON object. A field that is null counts as missing."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        """Read a body. Raises ApiError unless it is one JSON object."""
        try:
            values = json.loads(body)
        except (ValueError, RecursionError):
            raise ApiError("The request's body is not JSON.") from None
        if not isinstance(values, dict):
            raise ApiError("The request's body is not a JSON object.")
        return cls(values)

    def require_known(self, known: Collection[str], neutral: Mapping[str, tuple[Any, ...]]) -> None:
        """Raise ApiError for a field that would change the answer and is not among `known`.

        `neutral` are fields that are accepted with a value that asks for nothing.
        """
        for name, value in self._values.items():
            if name in known or any(value == one for one in neutral.get(name, ())):
                continue
            what = "is not supported here with this value" if name in neutral else "is not known here"
            raise ApiError(
                f"The parameter {name!r:.80} {what}: leave it out.",
                param=name[:80],
                code="unsupported_parameter",
            )

    def any(self, name: str) -> Any:
        """Return a field as it is; None if it is missing."""
        return self._values.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text. Without a default it must be there."""
        value = self._values.get(name, default)
        if value is None:
            raise ApiError(
                f"The parameter '{name}' is missing.", param=name, code="missing_required_parameter"
            )
        if not isinstance(value, str):
            raise _wrong(name, "a text")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false; a missing flag is false."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise _wrong(name, "true or false")
        return value

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._values.get(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _wrong(name, f"a whole number from {low:,} to {high:,}")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """Return a number from `low` to `high`."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise _wrong(name, f"a number from {low:g} to {high:g}")
        return float(value) if math.isfinite(value) else default

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """Return a text, or a list of at most `most`, as a tuple without empty texts."""
        value = self._values.get(name, [])
        values = [value] if isinstance(value, str) else value
        if (
            not isinstance(values, list)
            or len(values) > most
            or not all(isinstance(one, str) for one in values)
        ):
            raise _wrong(name, f"a text or a list of at most {most} texts")
        return tuple(one for one in values if one)

    def object(self, name: str) -> "Fields":
        """Return an object's fields; a missing object has none."""
        value = self._values.get(name, {})
        if not isinstance(value, dict):
            raise _wrong(name, "an object")
        return Fields(value)


def _wrong(name: str, wanted: str) -> ApiError:
    return ApiError(f"The parameter '{name}' must be {wanted}.", param=name, code="invalid_value")
