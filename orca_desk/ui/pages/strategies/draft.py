"""Unsaved strategies: what the editor holds, and how the library stores it until the user saves."""

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk.method.strategies import Strategy, new_strategy, revised


@dataclass(frozen=True, kw_only=True)
class StrategyDraft:
    """The content of the editor, with one marker a line. Only a new strategy's `name` can be edited."""

    name: str = ""
    title: str = ""
    description: str = ""
    marker_lines: str = "Answer"
    instruction: str = ""

    @classmethod
    def of(cls, strategy: Strategy) -> "StrategyDraft":
        """Return a strategy as the editor shows it."""
        return cls(
            name=strategy.name,
            title=strategy.title,
            description=strategy.description,
            marker_lines="\n".join(strategy.markers),
            instruction=strategy.instruction,
        )

    @property
    def marker_list(self) -> tuple[str, ...]:
        """The markers one by one."""
        return tuple(line.strip() for line in self.marker_lines.splitlines() if line.strip())

    def apply_to(self, before: Strategy) -> Strategy:
        """Return the next version of `before`. Raises UserError if it is not a valid strategy."""
        return revised(
            before,
            title=self.title.strip(),
            description=self.description.strip(),
            markers=self.marker_list,
            instruction=self.instruction,
        )

    def as_new(self) -> Strategy:
        """Return a new strategy. Raises UserError if it is not a valid one."""
        return new_strategy(
            name=self.name,
            title=self.title.strip(),
            description=self.description.strip(),
            markers=self.marker_list,
            instruction=self.instruction,
        )


def drafts_from_json(stored: Any) -> dict[str, StrategyDraft]:
    """Read drafts by their key in the list; those of another version of Orca Desk are ignored."""
    drafts: dict[str, StrategyDraft] = {}
    with contextlib.suppress(AttributeError, TypeError):
        drafts = {key: _draft(values) for key, values in stored.items() if key}
    return drafts


def _draft(values: Mapping[str, Any]) -> StrategyDraft:
    """Read a draft; an earlier Orca Desk stored the markers in one line, separated by commas."""
    known = dict(values)
    if "markers" in known:
        known["marker_lines"] = "\n".join(part.strip() for part in known.pop("markers").split(","))
    return StrategyDraft(**known)


def drafts_to_json(drafts: Mapping[str, StrategyDraft]) -> dict[str, Any]:
    """Return drafts as the library stores them."""
    return {key: asdict(draft) for key, draft in drafts.items()}
