"""The roles that a colour can have; the theme gives each its colour, and words name the role of a state."""

from typing import Literal

Role = Literal[
    "background", "surface", "raised", "border", "text", "muted", "accent", "on_accent",
    "teacher", "student", "base", "good", "bad", "warn",
]  # fmt: skip
Tone = Literal[""] | Role  # of a text; "" is the usual one
