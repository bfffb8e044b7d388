"""Conversations in one text, as chat templates write them: a mark before each turn says who speaks."""

import re
from collections.abc import Iterator

Said = list[tuple[str, str]]  # who speaks, such as "user", "assistant" or "system", and the text
_PARAGRAPHS = re.compile(r"\n\n(Human|Assistant):")
_HEADED = re.compile(
    r"(?<!#)###\s?(human|user|instruction|input|question|assistant|response|output|answer|gpt|system)\s?:\s*",
    re.IGNORECASE,
)
_BEGIN = r"\s*(?:<\|?[\w▁]{1,30}\|?>\s*)?"  # a text may begin with a token that says so
_CHATML = re.compile(r"<\|im_start\|>(\w+)\n(.*?)(?:<\|im_end\|>|\Z)", re.DOTALL)
_ASKED = re.compile(r"\[INST\](.*?)\[/INST\](.*?)(?=</s>|<s>|\[INST\]|\Z)", re.DOTALL)
_STARTS_CHATML = re.compile(rf"{_BEGIN}<\|im_start\|>")
_STARTS_ASKED = re.compile(rf"{_BEGIN}\[INST\]")
_REST = re.compile(r"\s*(?:<\|?/?[\w▁]{1,30}\|?>\s*)*")  # between and after turns
_SYSTEM = re.compile(r"\s*<<SYS>>(.*?)<</SYS>>", re.DOTALL)
_REPLIES = frozenset({"assistant", "response", "output", "answer", "gpt"})
_ASKS = (frozenset({"human", "user"}), frozenset({"instruction", "input"}), frozenset({"question"}))


def spoken(text: str) -> Said | None:
    """Return the turns of a text that is a conversation as a whole, in which the last may be still to come.

    None for any other text: one that mentions such marks, or quotes a conversation, is not one.
    """
    if "Human:" in text and text.lstrip().startswith("Human:"):
        found = _in_paragraphs(text) if "\n\nAssistant:" in text else []
    elif "<|im_start|>" in text and _STARTS_CHATML.match(text):
        if not _REST.fullmatch(_CHATML.sub("", text)):
            return None
        found = [(role, said.strip()) for role, said in _CHATML.findall(text)]
    elif "[INST]" in text and _STARTS_ASKED.match(text):
        found = list(_instructed(text))
    elif "###" in text:
        found = _headed(text)
    else:
        return None
    found = [(role, said) for role, said in found if said]
    return found if any(role == "user" for role, _ in found) else None


def _in_paragraphs(text: str) -> Said:
    _, *pieces = _PARAGRAPHS.split(f"\n\n{text.lstrip()}")
    said = zip(pieces[::2], pieces[1::2], strict=True)
    return [("user" if role == "Human" else "assistant", content.strip()) for role, content in said]


def _headed(text: str) -> Said:
    """Return the turns of "### Instruction: ... ### Response: ..."; a paragraph before them is the system's.

    Other headings than those of the first question and answer belong to what is said.
    """
    marks = list(_HEADED.finditer(text))
    words = [mark[1].casefold() for mark in marks]
    asks = next((names for word in words for names in _ASKS if word in names), None)
    reply = next((word for word in words if word in _REPLIES), "")
    if asks is None or not reply:
        return []
    first = "system" if words[0] == "system" else None
    counted = [
        (word, mark)
        for place, (word, mark) in enumerate(zip(words, marks, strict=True))
        if word in asks or word == reply or (place == 0 and word == first)
    ]
    before = text[: counted[0][1].start()]
    if counted[0][0] == reply or (before.strip() and not re.search(r"\n\s*\n\Z", before)):
        return []
    found = [("system", before.strip())]
    ends = [*(mark.start() for _, mark in counted[1:]), len(text)]
    for (word, mark), end in zip(counted, ends, strict=True):
        role = "assistant" if word == reply else "system" if word == first else "user"
        found.append((role, text[mark.end() : end].strip()))
    return found


def _instructed(text: str) -> Iterator[tuple[str, str]]:
    for asked, answer in _ASKED.findall(text):
        if system := _SYSTEM.match(asked):
            yield "system", system[1].strip()
            asked = asked[system.end() :]
        yield "user", asked.strip()
        yield "assistant", answer.strip()
