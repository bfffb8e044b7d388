"""A request in progress: what the scheduler knows of it between two steps."""

from dataclasses import dataclass, field
from typing import Any

from orca_desk.prompts.harmony import HarmonyText
from orca_desk.teacher.prefixes import Prefix
from orca_desk.teacher.requests import Request, TokenScore
from orca_desk.teacher.stream import TextStream


@dataclass(eq=False, slots=True)
class ActiveRequest:
    """A request with a sequence: the cache holds `read` ids of its prompt; `written` are its answer's."""

    request: Request
    sequence: int
    read: int
    cells: int
    prefix: Prefix | None
    chain: Any | None
    stream: TextStream | None
    harmony: HarmonyText | None
    started: float
    length: int  # tokens in the cache
    written: list[int] = field(default_factory=list)
    scores: list[TokenScore] = field(default_factory=list)
    prompt_scores: list[TokenScore] = field(default_factory=list)

    @property
    def is_scored(self) -> bool:
        """Whether the tokens of its prompt are scored."""
        return self.request.scores is not None and self.request.scores_prompt


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer's next token comes from: the row of the batch, and of those that have logits."""

    row: int
    output: int
