"""Switches of chat templates: variables that an application may set, mostly whether the model thinks first.

Nobody passes variables to a template here, or in most other programs. So a switch that the user sets becomes
a line before the template itself, which every program reads: one more template, with its own hash.
"""

import re
from collections.abc import Iterable

# The known ones, with their values as Jinja writes them
SWITCHES: dict[str, tuple[str, ...]] = {
    "enable_thinking": ("true", "false"),  # Qwen 3, SmolLM 3 and others
    "thinking": ("true", "false"),  # Granite, DeepSeek
    "reasoning_effort": ('"low"', '"medium"', '"high"'),  # gpt-oss
}
_LINE = re.compile(r'\{% set ([a-z_]+) = (true|false|"[a-z]+") %\}\n')


def split_switches(source: str) -> tuple[dict[str, str], str]:
    """Return the switches that are set before a template, and the template without them."""
    found: dict[str, str] = {}
    while (match := _LINE.match(source)) and match[2] in SWITCHES.get(match[1], ()):
        found[match[1]] = match[2]
        source = source[match.end() :]
    return found, source


def with_switches(source: str, values: dict[str, str]) -> str:
    """Return `source` with exactly these switches set before it."""
    _, bare = split_switches(source)
    return "".join(f"{{% set {name} = {value} %}}\n" for name, value in sorted(values.items())) + bare


def switches_of(source: str, asks: Iterable[str]) -> tuple[str, ...]:
    """Return the switches of a template that reads the unset variables `asks`, and those that are set."""
    return tuple(name for name in SWITCHES if name in asks or name in split_switches(source)[0])
