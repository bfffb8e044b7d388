"""What the renderer needs of a tokenizer, whichever library it comes from."""

from collections.abc import Sequence
from typing import Protocol

# Tokens that end an answer by the names that model families give them, beside those that a model's
# own files declare. llama.cpp keeps the same list.
END_NAMES = frozenset(
    {
        "<|endoftext|>",
        "<|im_end|>",
        "<|eot_id|>",
        "<|eom_id|>",
        "<|end|>",
        "<|end_of_text|>",
        "<end_of_turn>",
        "<|endofturn|>",
        "<|return|>",
        "<|call|>",
        "</s>",
        "<EOT>",
    }
)


class Tokenizer(Protocol):
    """Text to ids and back. Two libraries implement it and must give identical ids."""

    @property
    def chat_template(self) -> str:
        """The model's Jinja chat template; untrusted text."""

    @property
    def bos(self) -> str:
        """The text of the beginning-of-sequence token, or ""."""

    @property
    def eos(self) -> str:
        """The text of the end-of-sequence token, or ""."""

    @property
    def eos_ids(self) -> frozenset[int]:
        """All tokens that end an answer."""

    def encode(self, text: str, *, control: bool) -> list[int]:
        """Tokenise `text`, adding nothing to it.

        With `control` the names of control tokens become those tokens; without it text is only text.
        """

    def decode(self, ids: Sequence[int], *, control: bool = False) -> str:
        """Return the text of `ids`; control tokens are left out, or shown by name with `control`."""

    def piece_bytes(self, token: int) -> bytes:
        """Return the UTF-8 bytes, possibly part of a character, of one token; b"" for a control token."""
