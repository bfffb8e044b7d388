"""What the user asked of a run, as the library stores it with the run: to show it, and to resume it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from orca_desk.errors import other_version
from orca_desk.method.records import Sampling


@dataclass(frozen=True, kw_only=True)
class StoredRequest:
    """The base of such a request: a dataclass of values that JSON knows, and `sampling`.

    Values that this version does not know are left out: a newer one added them.
    """

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises UserError for what another version of Orca Desk wrote."""
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        try:
            return cls(**cls.values_of(known))
        except (KeyError, TypeError, ValueError) as error:
            raise other_version("these settings") from error

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored values as the fields hold them. Raises KeyError, TypeError or ValueError else."""
        return {**stored, "sampling": Sampling.from_json(stored["sampling"])}

    def to_json(self) -> dict[str, Any]:
        """Return the request as the library stores it."""
        return asdict(self)
