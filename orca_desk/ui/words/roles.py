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
# For those who ask their system for more contrast: no ground but one, and lines as clear as text
COLOURS["light contrast"] = COLOURS["light"] | {
    "background": "#ffffff",
    "raised": "#ffffff",
    "border": "#4d535c",
    "text": "#000000",
    "muted": "#2e333b",
    "accent": "#123a8c",
    "teacher": "#6b3e00",
    "student": "#034f47",
    "base": "#3a3f47",
    "good": "#0b5325",
    "bad": "#8c1710",
    "warn": "#614000",
}
COLOURS["dark contrast"] = COLOURS["dark"] | {
    "background": "#000000",
    "surface": "#000000",
    "raised": "#000000",
    "border": "#b0b7c2",
    "text": "#ffffff",
    "muted": "#dde1e7",
    "accent": "#b9ccff",
    "teacher": "#ffc766",
    "student": "#7be8d6",
    "base": "#d3d8e0",
    "good": "#9be8b2",
    "bad": "#ffb3ab",
    "warn": "#ffd27d",
}
