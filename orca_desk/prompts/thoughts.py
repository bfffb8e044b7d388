"""Thoughts in prompts: opened by a template, dropped from the history, closed in examples."""

from dataclasses import dataclass

from orca_desk.method.thoughts import TAGS

TAG_NAMES = frozenset(tag for pair in TAGS for tag in pair)
USUAL = TAGS[0]


@dataclass(frozen=True)
class ForgottenThoughts:
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


def leading_thoughts(answer: str, opening: str = "") -> str:
    """Return the beginning of `answer` up to the tag that closes its thoughts; empty without thoughts.

    All of it where they never end. `opening` is what the prompt has already opened of them.
    """
    stripped = answer.lstrip()
    for start, end in TAGS:
        if opening.startswith(start) or (not opening and stripped.startswith(start)):
            head, tag, _ = answer.partition(end)
            return head + tag
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
