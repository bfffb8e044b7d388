"""What a run of growing came to, as data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Source = Literal["generators", "documents", "tasks"]


@dataclass(frozen=True, kw_only=True)
class Grown:
    """The proposals that a run made, and what became of the rest.

    `given` is from how many generators, passages or seed tasks; `proposed` counts the proposals, `new` those
    that were not there before, `confirmed` and `unconfirmed` those that were checked. `unread` counts what
    the teacher wrote and nobody could read as asked for, `repeated` questions that the run or the library
    has already, `failed` what could not be asked, by reason; `refused` says why a document gave nothing, by
    its path. `finished` is False when the job was stopped.
    """

    source: Source
    given: int
    proposed: int = 0
    new: int = 0
    confirmed: int = 0
    unconfirmed: int = 0
    unread: int = 0
    repeated: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    finished: bool = True
    run: str = ""

    def to_json(self) -> str:
        """Return the outcome as a run stores it; ui/words/outcomes.py words it."""
        return json.dumps({"grown": asdict(self)}, ensure_ascii=False)


def grown_from_json(stored: str) -> Grown | None:
    """Return the outcome that `to_json` wrote; None for any other text."""
    try:
        values: Any = json.loads(stored)
        return Grown(**values["grown"])
    except (ValueError, KeyError, TypeError):
        return None
