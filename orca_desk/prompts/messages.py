"""The messages of a conversation, as a prompt is made of them."""

from dataclasses import dataclass
from typing import cast

from orca_desk.method.roles import Role
from orca_desk.method.turns import Turns


@dataclass(frozen=True)
class Message:
    """One turn of a conversation: its role, and its text, unchanged."""

    role: Role
    content: str


def conversation(system: str, user: str, turns: Turns = ()) -> list[Message]:
    """Return the messages that ask a question: the system message, the earlier turns, the user message."""
    earlier = [Message(cast(Role, role), text) for role, text in turns]
    return [Message("system", system), *earlier, Message("user", user)]
