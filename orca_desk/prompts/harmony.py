"""Harmony, the format of gpt-oss: an answer is a row of messages, each in a channel that its header names.

    <|channel|>analysis<|message|>2 + 2 is 4.<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>

Only the channel `final` is the answer; the others are thoughts. `<|end|>` ends a message, not the answer.
"""

from collections.abc import Mapping

from orca_desk.prompts.thoughts import USUAL

START, CHANNEL, MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
END, RETURN, CALL = "<|end|>", "<|return|>", "<|call|>"
FINAL = "final"
_OPEN, _CLOSE = USUAL


def speaks_harmony(control: Mapping[int, str]) -> bool:
    """Return whether a vocabulary is Harmony's, by its control tokens (id: name)."""
    return {CHANNEL, RETURN, CALL} <= set(control.values())


class HarmonyText:
    """The text of an answer, token by token: thoughts in <think> tags, without the headers of messages."""

    def __init__(self, control: Mapping[int, str]) -> None:
        self._control = control
        self._header: bytes | None = None  # of the message that begins; None inside a message
        self._thinking = False
        self._spoken = False

    def push(self, token: int, piece: bytes) -> bytes:
        """Return the bytes of text that `token` adds; `piece` are its own bytes."""
        name = self._control.get(token, "")
        if name in (START, CHANNEL):
            self._header = (self._header or b"") + (b" " if name == CHANNEL else b"")
        elif name == MESSAGE:
            header, self._header = self._header, None
            return self._begin(_channel(header or b""))
        elif name == END:
            self._header = b""
        elif self._header is None:
            self._spoken = True
            return piece
        else:
            self._header += piece
        return b""

    def _begin(self, channel: str) -> bytes:
        """Return what separates a message from those before it."""
        if channel not in ("", FINAL):
            opens, self._thinking = not self._thinking, True
            return (_OPEN if opens else "\n").encode()
        closes, self._thinking = self._thinking, False
        return f"{_CLOSE}\n\n".encode() if closes else b"\n\n" if self._spoken else b""


def _channel(header: bytes) -> str:
    """Return the channel that a header names: "assistant analysis to=..." is "analysis"."""
    words = header.decode("utf-8", "replace").partition(" ")[2].split()
    return words[0] if words else ""
