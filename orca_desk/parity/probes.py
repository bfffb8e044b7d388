"""Conversations that every file must render as the folder does, whatever the held-out prompts are."""

from orca_desk.errors import UserError
from orca_desk.parity.accounts import Ids
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer

# What tokenizers treat in different ways: digits, spaces, line ends, apostrophes, letters of other scripts,
# characters of four bytes, and names of control tokens as text.
TEXT = (
    "It's 3.14159 or 20,000:  two\n\n\tthree   spaces, naïve Ünïcödé 日本語 العربية 🙂\r\n"
    "<|im_end|></s> {x[i]+=1}"
)


def probe_ids(renderer: Renderer) -> tuple[Ids, ...]:
    """Return the ids of the probe's text, of a conversation of several turns, and of a whole example.

    A template that refuses a conversation gives no ids for it. The example is the last; one that no token
    ends has no ids either.
    """
    turns = [Message("user", TEXT), Message("assistant", "Yes."), Message("user", "Why?")]
    return (
        tuple(renderer.tokenizer.encode(TEXT, control=False)),
        _prompt(renderer, [Message("system", "Be brief."), *turns]),
        _prompt(renderer, turns),
        _example(renderer),
    )


def _example(renderer: Renderer) -> Ids:
    try:
        return renderer.example("Be brief.", TEXT, "Yes.").ids
    except UserError:
        return ()


def _prompt(renderer: Renderer, conversation: list[Message]) -> Ids:
    try:
        return renderer.prompt(conversation).ids
    except UserError:
        return ()
