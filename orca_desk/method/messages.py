"""A conversation: messages in order."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation: who speaks, and the text as it is."""

    role: Role
    content: str
