"""What the renderer needs of a tokenizer from any library."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from orca_desk.prompts.harmony import END, speaks_harmony

# Names of tokens that end an answer, in known model families, beside those that a model's own files declare.
# llama.cpp has the same list.
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
# Tokens that llama.cpp takes for control tokens by their names, whatever a file says: those that end an
# answer, and those for filling in the middle.
CONTROL_NAMES = frozenset(
    {
        "<|eot_id|>",
        "<|im_end|>",
        "<|end|>",
        "<|return|>",
        "<|call|>",
        "<|flush|>",
        "<|calls|>",
        "<end_of_turn>",
        "<|endoftext|>",
        "</s>",
        "<|eom_id|>",
        "<EOT>",
        "_<EOT>",
        "[EOT]",
        "[EOS]",
        "<|end_of_text|>",
        "<end_of_utterance>",
        "<eos>",
        "<turn|>",
        "<|tool_response>",
        "<\uff5cend\u2581of\u2581sentence\uff5c>",
        "[e~[",
        *("<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<\uff5cfim\u2581begin\uff5c>", "<PRE>"),
        *("\u2581<PRE>", "<|code_prefix|>", "<|prefix|>"),
        *("<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<\uff5cfim\u2581hole\uff5c>", "<SUF>"),
        *("\u2581<SUF>", "<|code_suffix|>", "<|suffix|>"),
        *("<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<\uff5cfim\u2581end\uff5c>", "<MID>"),
        *("\u2581<MID>", "<|code_middle|>", "<|middle|>"),
        *("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
        *("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>"),
    }
)


def answer_ends(control: Mapping[int, str], declared: Iterable[int]) -> frozenset[int]:
    """Return the tokens that end an answer: the declared ones, and those of `control` (id: name) by name.

    In Harmony <|end|> ends a message, for example the thoughts, and the answer follows.
    """
    ends = {*declared, *(token for token, name in control.items() if name in END_NAMES)}
    if speaks_harmony(control):
        ends -= {token for token, name in control.items() if name == END}
    return frozenset(ends)


class Tokenizer(Protocol):
    """Text to ids and back. Two libraries implement it and must give identical ids."""

    @property
    def chat_template(self) -> str:
        """The model's Jinja chat template; untrusted text."""

    @property
    def bos(self) -> str:
        """The text of the beginning-of-sequence token; empty if there is none."""

    @property
    def eos(self) -> str:
        """The text of the end-of-sequence token; empty if there is none."""

    @property
    def eos_ids(self) -> frozenset[int]:
        """All tokens that end an answer."""

    @property
    def control(self) -> Mapping[int, str]:
        """The names of all control tokens by id."""

    def encode(self, text: str, *, control: bool) -> list[int]:
        """Tokenise `text`, adding nothing to it.

        With `control`, names of control tokens become those tokens; without it, text stays text.
        """

    def decode(self, ids: Sequence[int], *, control: bool = False) -> str:
        """Return the text of `ids`, without control tokens or, with `control`, with their names."""

    def piece_bytes(self, token: int) -> bytes:
        """Return the UTF-8 bytes, possibly part of a character, of one token.

        A control token has none, unless it is a tag of thoughts.
        """
