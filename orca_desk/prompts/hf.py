"""The tokenizer of a Hugging Face folder, by the `tokenizers` library alone."""

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from orca_desk.errors import UserError
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.config import HINT, read_json, read_text
from orca_desk.prompts.thoughts import TAG_NAMES
from orca_desk.prompts.tokenizer import CONTROL_NAMES, answer_ends

_FIRST = re.compile(r'("prepend_scheme"\s*:\s*")first(")')


class HFTokenizer:
    """See `orca_desk.prompts.tokenizer.Tokenizer`."""

    def __init__(self, definition: str, config: dict[str, Any], template: str, end_ids: set[int]) -> None:
        """Build from the text of tokenizer.json, tokenizer_config.json's content, the template and the ids
        that the model's other files declare as ends.
        """
        definition = _as_llama_reads(definition)
        self._with_control = tokenizers.Tokenizer.from_str(definition)
        self._as_text = tokenizers.Tokenizer.from_str(definition)
        self._as_text.encode_special_tokens = True
        added = self._with_control.get_added_tokens_decoder()
        self.control = {token: entry.content for token, entry in added.items() if entry.special}
        self._added = {token: entry.content for token, entry in added.items()}
        self._byte_level = '"ByteLevel"' in json.dumps(json.loads(definition).get("decoder"))
        self.chat_template = template
        self.bos = _token_text(config.get("bos_token"))
        self.eos = _token_text(config.get("eos_token"))
        declared = {token for token, text in self.control.items() if text == self.eos}
        self.eos_ids = answer_ends(self.control, end_ids | declared)

    @classmethod
    def load(cls, folder: Path, *, template: str | None = None) -> "HFTokenizer":
        """Read a model folder's tokenizer.json, tokenizer_config.json and chat template.

        `template` is used instead of the model's own. Raises UserError when a file is missing or damaged, or
        the model has no chat template.
        """
        definition = read_text(folder / "tokenizer.json")
        config = read_json(folder / "tokenizer_config.json")
        template = read_chat_template(folder) if template is None else template
        if template is None:
            raise UserError(
                f"The model in {folder} has no chat template.",
                "Use its instruction-tuned variant, which has one.",
            )
        ends: set[int] = set()
        for name in ("config.json", "generation_config.json"):
            if (folder / name).is_file():
                ends |= _ids(read_json(folder / name).get("eos_token_id"))
        try:
            made = cls(definition, config, template, ends)
        except Exception as error:  # `tokenizers` raises bare Exception for a damaged file.
            raise UserError(
                f"{folder / 'tokenizer.json'} cannot be read as a tokenizer: {error}", HINT
            ) from error
        made.require_safe(folder)
        return made

    def require_safe(self, model: Path) -> None:
        """Raise UserError, naming `model`, where a text that spells a control token becomes that token."""
        for token, name in self.control.items():
            if token in self.encode(name, control=False):
                raise UserError(
                    f"The tokenizer in {model} joins letters to the control token {name}, so a text could "
                    "pass for one.",
                    "Choose another model: answers and tasks must stay text.",
                )

    def encode(self, text: str, *, control: bool) -> list[int]:
        """See `Tokenizer.encode`."""
        tokenizer = self._with_control if control else self._as_text
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int], *, control: bool = False) -> str:
        """See `Tokenizer.decode`."""
        names = self.control if control else {}
        pieces = (names[i].encode() if i in names else self.piece_bytes(i) for i in ids)
        return b"".join(pieces).decode("utf-8", "replace")

    def piece_bytes(self, token: int) -> bytes:
        """See `Tokenizer.piece_bytes`."""
        if token in self.control:
            name = self.control[token]
            return name.encode() if name in TAG_NAMES else b""
        if token in self._added:
            return self._added[token].encode()
        text = self._with_control.id_to_token(token)
        if text is None:
            return b""
        if self._byte_level:
            return bytes(self._bytes_of[character] for character in text)
        if len(text) == 6 and text.startswith("<0x"):  # A byte that no other token covers.
            return bytes.fromhex(text[3:5])
        return text.replace("\u2581", " ").encode()

    @cached_property
    def _bytes_of(self) -> dict[str, int]:
        """Map each printable character of a byte-level vocabulary (as in GPT-2) to its byte."""
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in printable]
        return {chr(byte): byte for byte in printable} | {
            chr(256 + index): byte for index, byte in enumerate(others)
        }


def _as_llama_reads(definition: str) -> str:
    """Return tokenizer.json's text, changed so that the parts of a prompt become the tokens of llama.cpp.

    Some tokenizers put a space before a text that begins a sequence. No part does: a template begins with a
    control token. And llama.cpp takes some tokens for control tokens by their names.
    """
    text = _FIRST.sub(r"\1never\2", definition)
    content = json.loads(text)
    added = content.get("added_tokens") or []
    hidden = [one for one in added if one.get("content") in CONTROL_NAMES and not one.get("special")]
    for one in hidden:
        one["special"] = True
    return json.dumps(content) if hidden else text


def _token_text(value: Any) -> str:
    """Return the text of a token, which tokenizer_config.json writes as a string or as an object."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def _ids(value: Any) -> set[int]:
    if isinstance(value, int):
        return {value}
    return set(value) if isinstance(value, list) else set()
