"""The messages of a conversation, as a prompt is made of them."""

from dataclasses import dataclass

from orca_desk.method.roles import Role


@dataclass(frozen=True)
class Message:
    """One turn of a conversation: its role, and its text, unchanged."""

    role: Role
    content: str
