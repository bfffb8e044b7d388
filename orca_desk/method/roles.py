"""Who speaks in a conversation."""

from typing import Literal

Role = Literal["system", "user", "assistant"]
