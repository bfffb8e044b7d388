"""The system messages of imported answers as strategies, so that they are erased like any instruction."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orca_desk.library.database import Library
from orca_desk.library.strategies import (
    current_strategies,
    get_strategy,
    strategies_by_instruction,
)
from orca_desk.method.strategies import Strategy

MAX_OWN = 40  # messages of one file that become strategies of their own
OTHERS = "imported-others"
NO_MESSAGE = "imported-no-message"
PREFIX = "imported-"
_WORDS = 4  # in a name
_LONGEST = 48  # characters of a name
_TITLE = 60  # characters of a message in a title
_WORD = re.compile(r"[a-z0-9]+")
_COMMON_TEXT = """
you are the and will must should your that with for given this who can not whose have has its
assistant helpful user users task answer question always please model language system
"""
_COMMON = frozenset(_COMMON_TEXT.split())


@dataclass(frozen=True, kw_only=True)
class MessageStrategies:
    """Which strategy stands for which system message.

    `new` are versions that the library lacks, in the order in which they are to be stored. Messages that are
    not in `by_message` share `others`: `rare` counts these different messages, and `rare_rows` their rows.
    """

    by_message: Mapping[str, Strategy]
    by_name: Mapping[str, Strategy]
    new: tuple[Strategy, ...]
    others: Strategy
    rare: int = 0
    rare_rows: int = 0

    def of(self, message: str, name: str = "") -> Strategy:
        """Return the strategy of a row by its message, or by the `name` that the row gives."""
        named = self.by_name.get(name)
        if named is not None:
            exact = self.by_message.get(message)
            return exact if exact is not None and exact.name == named.name else named
        return self.by_message.get(message, self.others)


def plan_strategies(
    library: Library,
    rows: Mapping[tuple[str, str], int],
    *,
    uncounted: int = 0,
    without_message: str | None = None,
) -> MessageStrategies:
    """Give each message a strategy: the one that has this instruction already, in any version, or a new one.

    `rows` counts the rows by message and the name of the strategy that they give; one that the library knows
    stands for them. The `MAX_OWN` most frequent other messages become strategies; those that differ only in
    case, white space or numbers become versions of one. All rarer ones share one strategy. The same file
    gives the same plan, also after a part of it was imported. `without_message` is the strategy of rows
    without a system message. Raises UserError if it does not exist.
    """
    known = strategies_by_instruction(library, but=OTHERS)
    current = current_strategies(library)
    messages, names = _unnamed(rows, current)
    found: dict[str, Strategy] = {message: known[message] for message, _ in rows if message in known}
    if without_message is not None:
        found[""] = get_strategy(library, without_message)
    new: list[Strategy] = []
    newest = dict(current)
    by_form = {_form(one.instruction): one.name for one in current.values() if one.name.startswith(PREFIX)}
    ranked = sorted(messages, key=lambda message: (-messages[message], message))
    frequent = ranked[:MAX_OWN]
    for message in frequent:
        if message not in found:
            form = _form(message)
            made = _version_of(newest.get(by_form.get(form, "")), message)
            made = made or _new(message, frequent, names.get(message, ""), newest)
            by_form[form] = made.name
            newest[made.name] = made
            new.append(made)
            found[message] = made
    rare = [message for message in ranked if message not in found]
    others = current.get(OTHERS) or _others(ranked)
    if (rare or uncounted) and OTHERS not in current:
        new.append(others)
    return MessageStrategies(
        by_message=found,
        by_name=current,
        new=tuple(new),
        others=others,
        rare=len(rare),
        rare_rows=sum(messages[message] for message in rare) + uncounted,
    )


def _unnamed(
    rows: Mapping[tuple[str, str], int], current: Mapping[str, Strategy]
) -> tuple[Counter[str], dict[str, str]]:
    """Return the messages of rows that name no known strategy, counted, and the unknown names they give."""
    messages: Counter[str] = Counter()
    names: dict[str, str] = {}
    for (message, name), count in rows.items():
        if name not in current:
            messages[message] += count
            if name:
                names.setdefault(message, name)
    return messages, names


def _version_of(former: Strategy | None, message: str) -> Strategy | None:
    """Return the next version of a strategy, with this message; None without a strategy."""
    if former is None:
        return None
    return replace(former, version=former.version + 1, instruction=message)


def _new(message: str, messages: Sequence[str], given: str, taken: Mapping[str, Strategy]) -> Strategy:
    if not message:
        return Strategy(
            name=NO_MESSAGE,
            title="Imported: no system message",
            version=1,
            description="Answers that were imported and had no system message.",
            markers=(),
            instruction="",
        )
    short = " ".join(message.split())
    short = short if len(short) <= _TITLE else f"{short[: _TITLE - 1].rstrip()}…"
    return Strategy(
        name=_free_name(_slug(given) or _telling_words(message, messages), taken),
        title=f"Imported: {short}",
        version=1,
        description="A system message under which imported answers were given.",
        markers=(),
        instruction=message,
    )


def _others(ranked: Sequence[str]) -> Strategy:
    instruction = next((message for message in ranked if message), "")
    return Strategy(
        name=OTHERS,
        title="Imported: other system messages",
        version=1,
        description=(
            "Imported answers whose system messages are too many for a strategy each. Every record keeps"
            " its own; the instruction here is the most frequent one of their file."
        ),
        markers=(),
        instruction=instruction,
    )


def _free_name(words: str, taken: Mapping[str, Strategy]) -> str:
    base = f"{PREFIX}{words or 'message'}"[:_LONGEST].rstrip("-")
    name, number = base, 1
    while name in taken or name in (OTHERS, NO_MESSAGE):
        number += 1
        name = f"{base}-{number}"
    return name


def _telling_words(message: str, messages: Sequence[str]) -> str:
    """Return the first words of a message that few of the others have, as a part of a name.

    A number, such as that of an example, tells nothing.
    """
    held = Counter(word for one in messages for word in set(_words(one)))
    words = [word for word in dict.fromkeys(_words(message)) if word.isalpha()]
    telling = [word for word in words if len(word) > 2 and word not in _COMMON]
    rare = [word for word in telling if 3 * held[word] <= max(3, len(messages))]
    return "-".join((rare or telling or words)[:_WORDS])


def _slug(text: str) -> str:
    return "-".join(_words(text))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _WORD.findall(plain)


def _form(message: str) -> str:
    """Return a message without what may differ between versions: case, white space and numbers."""
    return re.sub(r"\d+", "0", " ".join(message.casefold().split()))
