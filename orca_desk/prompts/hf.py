"""The tokenizer of a Hugging Face folder, read with the `tokenizers` library alone."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from orca_desk.errors import UserError
from orca_desk.prompts.tokenizer import END_NAMES


class HFTokenizer:
    """See `orca_desk.prompts.tokenizer.Tokenizer`."""

    def __init__(self, definition: str, config: dict[str, Any], template: str, end_ids: set[int]) -> None:
        """Build from the text of tokenizer.json, tokenizer_config.json, the template and declared ends."""
        self._with_control = tokenizers.Tokenizer.from_str(definition)
        self._as_text = tokenizers.Tokenizer.from_str(definition)
        self._as_text.encode_special_tokens = True
        added = self._with_control.get_added_tokens_decoder()
        self._control = {token: entry.content for token, entry in added.items() if entry.special}
        self._added = {token: entry.content for token, entry in added.items()}
        self._byte_level = '"ByteLevel"' in json.dumps(json.loads(definition).get("decoder"))
        self.chat_template = template
        self.bos = _token_text(config.get("bos_token"))
        self.eos = _token_text(config.get("eos_token"))
        named = {token for token, text in self._control.items() if text in END_NAMES or text == self.eos}
        self.eos_ids = frozenset(end_ids | named)

    @classmethod
    def load(cls, folder: Path) -> "HFTokenizer":
        """Read a model folder's tokenizer.json and tokenizer_config.json.

        Raises UserError when a file is missing or damaged, or there is no chat template.
        """
        definition = _read(folder / "tokenizer.json")
        config = _read_json(folder / "tokenizer_config.json")
        template = _chat_template(folder, config)
        ends: set[int] = set()
        for name in ("config.json", "generation_config.json"):
            if (folder / name).is_file():
                ends |= _ids(_read_json(folder / name).get("eos_token_id"))
        try:
            return cls(definition, config, template, ends)
        except Exception as error:  # `tokenizers` raises bare Exception for a damaged file.
            raise UserError(
                f"{folder / 'tokenizer.json'} cannot be read as a tokenizer: {error}",
                "Fetch the model's files again.",
            ) from error

    def encode(self, text: str, *, control: bool) -> list[int]:
        """See `Tokenizer.encode`."""
        tokenizer = self._with_control if control else self._as_text
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int], *, control: bool = False) -> str:
        """See `Tokenizer.decode`."""
        names = self._control if control else {}
        pieces = (names[i].encode() if i in names else self.piece_bytes(i) for i in ids)
        return b"".join(pieces).decode("utf-8", "replace")

    def piece_bytes(self, token: int) -> bytes:
        """See `Tokenizer.piece_bytes`."""
        if token in self._control:
            return b""
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
        """The printable character that stands for each byte in a byte-level vocabulary (as in GPT-2)."""
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in printable]
        return {chr(byte): byte for byte in printable} | {
            chr(256 + index): byte for index, byte in enumerate(others)
        }


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path.parent} has no {path.name}.", "A model folder needs it: fetch the model again."
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is damaged: {error}.", "Fetch the model's files again.") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_read(path))
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not valid JSON: {error}.", "Fetch the model's files again.") from None
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold a JSON object.", "Fetch the model's files again.")
    return value


def _chat_template(folder: Path, config: dict[str, Any]) -> str:
    """Return the template of chat_template.jinja or of tokenizer_config.json; UserError without one."""
    if (folder / "chat_template.jinja").is_file():
        return _read(folder / "chat_template.jinja")
    template = config.get("chat_template")
    if isinstance(template, list):  # Several by name, as some tool-using models have.
        named = {entry["name"]: entry["template"] for entry in template}
        template = named.get("default")
    if not isinstance(template, str) or not template:
        raise UserError(
            f"The model in {folder} has no chat template.",
            "Use its instruction-tuned variant, which has one.",
        )
    return template


def _token_text(value: Any) -> str:
    """Return the text of a token as tokenizer_config.json writes it: a string or an object."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def _ids(value: Any) -> set[int]:
    if isinstance(value, int):
        return {value}
    return set(value) if isinstance(value, list) else set()
