"""Conversations in one text, as chat templates write them: a mark before each turn says who speaks."""

import re
from collections.abc import Iterator

Said = list[tuple[str, str]]  # who speaks, "user", "assistant" or "system", and the text
_PARAGRAPHS = re.compile(r"\n\n(Human|Assistant):")
_HEADED = re.compile(
    r"###\s?(human|user|instruction|input|question|assistant|response|output|answer|gpt|system)\s?:\s*",
    re.IGNORECASE,
)
_CHATML = re.compile(r"<\|im_start\|>(system|user|assistant)\n(.*?)(?:<\|im_end\|>|\Z)", re.DOTALL)
_ASKED = re.compile(r"\[INST\](.*?)\[/INST\](.*?)(?=</s>|<s>|\[INST\]|\Z)", re.DOTALL)
_SYSTEM = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)
_REPLIES = frozenset({"assistant", "response", "output", "answer", "gpt"})


def spoken(text: str) -> Said | None:
    """Return the turns of a text that is a conversation with an answer; None for any other text."""
    if "Human:" in text and text.lstrip().startswith("Human:"):
        found = _in_paragraphs(text)
        return found if any(role == "assistant" for role, _ in found) else None
    if "<|im_start|>" in text:
        found = [(role, said.strip()) for role, said in _CHATML.findall(text)]
    elif "[/INST]" in text:
        found = list(_instructed(text))
    elif "###" in text:
        found = _headed(text)
    else:
        return None
    return found if any(role == "assistant" and said for role, said in found) else None


def _in_paragraphs(text: str) -> Said:
    _, *pieces = _PARAGRAPHS.split(f"\n\n{text.lstrip()}")
    said = zip(pieces[::2], pieces[1::2], strict=True)
    return [("user" if role == "Human" else "assistant", content.strip()) for role, content in said]


def _headed(text: str) -> Said:
    """Return the turns of "### Instruction: ... ### Response: ..."; what stands before is the system's."""
    before, *pieces = _HEADED.split(text)
    found = [("system", before.strip())] if before.strip() else []
    for word, said in zip(pieces[::2], pieces[1::2], strict=True):
        name = word.casefold()
        role = "assistant" if name in _REPLIES else "system" if name == "system" else "user"
        found.append((role, said.strip()))
    return found if any(role == "user" for role, _ in found) else []


def _instructed(text: str) -> Iterator[tuple[str, str]]:
    for asked, answer in _ASKED.findall(text):
        if system := _SYSTEM.match(asked):
            yield "system", system[1].strip()
            asked = asked[system.end() :]
        yield "user", asked.strip()
        yield "assistant", answer.strip()
