"""The messages of a conversation."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation: its role, and its text, unchanged."""

    role: Role
    content: str
