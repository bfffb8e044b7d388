"""The format rule: a regular expression that answers must match, or must not, within a time limit."""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from orca_desk.errors import SettingError

if TYPE_CHECKING:
    import regex

Format = Literal["right", "other", "unchecked"]
_SHOWN = 100  # characters of an expression that is refused
LIMIT_S = 0.2  # for one answer; ordinary expressions take microseconds


def check_pattern(setting: str, pattern: str) -> None:
    """Raise SettingError if `pattern`, the value of a setting, is not a regular expression."""
    import regex

    try:
        _compiled(pattern)
    except RecursionError as error:
        raise SettingError(setting, "the regular expression is nested too deeply", "Shorten it.") from error
    except regex.error as error:
        raise SettingError(
            setting,
            f"{pattern[:_SHOWN]!r} is not a regular expression ({error})",
            "Put a backslash before characters that are meant literally, as in \\( or \\*.",
        ) from error


def matches(pattern: str, answer: str) -> bool | None:
    """Return whether `pattern` matches somewhere in `answer`; ^ and $ are the ends of a line.

    None if that takes too long, which the expression causes and a longer wait does not end.
    """
    try:
        return _compiled(pattern).search(answer, timeout=LIMIT_S, concurrent=True) is not None
    except TimeoutError:
        return None


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    import regex  # 30 ms

    return regex.compile(pattern, regex.MULTILINE)
