"""Thoughts: what a reasoning model writes before its answer, between two tags."""

from dataclasses import dataclass

TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
)
TAG_NAMES = frozenset(tag for pair in TAGS for tag in pair)
USUAL = TAGS[0]


@dataclass(frozen=True)
class Forgetting:
    """How a template drops the thoughts of earlier answers: up to which tag, and with the space after?"""

    end: str
    strips: bool

    def apply(self, answer: str) -> str:
        """Return an earlier answer as the template shows it to the model."""
        _, tag, rest = answer.rpartition(self.end)
        return answer if not tag else rest.lstrip("\n") if self.strips else rest


def tags_of(source: str) -> tuple[str, str] | None:
    """Return the opening and closing tag that a chat template knows, or None if it knows no thoughts."""
    return next((pair for pair in TAGS if pair[1] in source), None)


def opened_thoughts(prompt: str) -> str:
    """Return the end of `prompt` from a tag that opens thoughts and is not closed; empty without one."""
    for start, end in TAGS:
        head, tag, rest = prompt.rpartition(start)
        if tag and end not in rest:
            return prompt[len(head) :]
    return ""


def continuation(opening: str, answer: str) -> str:
    """Return `answer` as it continues a prompt that ends with `opening`, the beginning of thoughts.

    An answer that begins with these thoughts does not open them twice; one without thoughts closes them
    first, as it would otherwise be learned as a thought.
    """
    start, end = next(pair for pair in TAGS if opening.startswith(pair[0]))
    space = opening.removeprefix(start)
    if answer.startswith(opening):
        return answer.removeprefix(opening)
    if answer.lstrip().startswith(start):
        return answer.lstrip().removeprefix(start).removeprefix(space)
    return answer if end in answer else f"{space}{end}\n\n{answer}"


def split_thoughts(text: str) -> tuple[str, str]:
    """Return the thoughts at the beginning of `text` and what follows; ("", text) if there are none."""
    stripped = text.lstrip()
    for start, end in TAGS:
        if stripped.startswith(start) and end in stripped:
            thoughts, _, rest = stripped.removeprefix(start).partition(end)
            return thoughts.strip(), rest.lstrip()
    return "", text
