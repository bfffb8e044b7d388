"""The roles that a colour can have, and their colours in both themes; words name the role of a state.

The table is here, without Qt, as reports in HTML have the same colours as the desktop.
"""

from typing import Literal

Role = Literal[
    "background", "surface", "raised", "border", "text", "muted", "accent", "on_accent",
    "teacher", "student", "base", "good", "bad", "warn",
]  # fmt: skip
Tone = Literal[""] | Role  # of a text; "" is the usual one
COLOURS: dict[str, dict[Role, str]] = {
    "light": {
        "background": "#f5f4f0",
        "surface": "#ffffff",
        "raised": "#faf9f6",
        "border": "#dbd8d0",
        "text": "#1e2227",
        "muted": "#585f6b",
        "accent": "#2a56b0",
        "on_accent": "#ffffff",
        "teacher": "#8f5400",
        "student": "#08695f",
        "base": "#5b616b",
        "good": "#18713a",
        "bad": "#b02a20",
        "warn": "#85590a",
    },
    "dark": {
        "background": "#15171b",
        "surface": "#1d2025",
        "raised": "#24282e",
        "border": "#363c45",
        "text": "#e8e8e4",
        "muted": "#a2a9b4",
        "accent": "#8cadff",
        "on_accent": "#0f1420",
        "teacher": "#e8a840",
        "student": "#4fc7b4",
        "base": "#aab1bc",
        "good": "#6ccb8a",
        "bad": "#ff8d82",
        "warn": "#e3b457",
    },
}
