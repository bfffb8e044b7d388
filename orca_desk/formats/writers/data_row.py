"""What every format is given: one row of an export, whichever table it is from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Turn = tuple[str, str]  # the role, "user" or "assistant", and the text


@dataclass(frozen=True, kw_only=True)
class DataRow:
    """One row of an export.

    `facts` is all that its table knows, by column; lines of JSON leave those in `sparse` out where they are
    empty. `beside` is what stands next to a conversation in its own columns: id, family, split ... `user` is
    the user message, `query` and `context` its parts where the table keeps them apart; `turns` came before
    it. `answer` is what follows, None without one; `rejected` is a worse answer, and `label` whether the
    answer is correct, where the table knows. `kind` is how the answer is graded, if that was said.
    """

    facts: Mapping[str, Any]
    id: str
    family: str
    user: str
    query: str = ""
    context: str = ""
    answer: str | None = None
    system: str = ""
    turns: tuple[Turn, ...] = ()
    rejected: str | None = None
    label: bool | None = None
    kind: str | None = None
    held_out: bool = False
    sparse: frozenset[str] = frozenset()
    beside: Mapping[str, Any] = field(default_factory=dict)
