"""The one renderer: from messages to token ids, for teaching, training, evaluating and chatting alike.

It tokenises each template piece with control tokens on, each text with them off. So no text can become a
control token, and a prompt is always the exact beginning of the example made from it.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.method.messages import Message, Role
from orca_desk.prompts.template import HINT, ChatTemplate, Shape
from orca_desk.prompts.tokenizer import Tokenizer

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
SpanRole = Literal["control", "system", "user", "assistant", "end"]


@dataclass(frozen=True)
class Span:
    """The ids [start, end) and their source: the template, a speaker, or the end of the answer."""

    start: int
    end: int
    role: SpanRole


@dataclass(frozen=True)
class Rendered:
    """A conversation as ids.

    `mask` is True for what a student is trained on: the answer and its end. The first `prefix` ids, all
    before the first user text, are the same for every conversation with the same system message.
    """

    ids: tuple[int, ...]
    mask: tuple[bool, ...]
    spans: tuple[Span, ...]
    prefix: int


@dataclass(frozen=True)
class _Part:
    """A run of text from one source."""

    role: SpanRole
    text: str


class Renderer:
    """Renders conversations with one tokenizer and its chat template."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.template_sha256 = hashlib.sha256(tokenizer.chat_template.encode()).hexdigest()
        self._template = ChatTemplate(tokenizer.chat_template, bos=tokenizer.bos, eos=tokenizer.eos)
        self._control_ids: dict[str, tuple[int, ...]] = {}
        self._end: tuple[int, ...] | None = None

    def prompt(self, messages: Sequence[Message]) -> Rendered:
        """Render a conversation up to where the assistant starts to speak.

        An empty system message means no system turn, or an explicitly empty one where the template would
        write its own. If the template has no system role, the system text goes before the first user text.
        Raises UserError when the template is broken or refuses the conversation.
        """
        return self._assemble(self._parts(_normalised(messages)))

    def example(self, system: str, user: str, assistant: str) -> Rendered:
        """Render a training example: the prompt, then the answer and the token that ends the turn.

        The mask is True for exactly the answer and its end. Raises UserError as `prompt` does, and when the
        template does not end the assistant's turn.
        """
        prompt = self.prompt([Message("system", system), Message("user", user)])
        answer = tuple(self.tokenizer.encode(_encodable(assistant), control=False))
        end = self._end_of_turn()
        start = len(prompt.ids)
        middle, stop = start + len(answer), start + len(answer) + len(end)
        spans = (Span(start, middle, "assistant"),) if answer else ()
        return Rendered(
            ids=(*prompt.ids, *answer, *end),
            mask=(False,) * start + (True,) * (stop - start),
            spans=(*prompt.spans, *spans, Span(middle, stop, "end")),
            prefix=prompt.prefix,
        )

    def _parts(self, messages: list[Message]) -> Iterator[_Part]:
        """Yield the template's pieces and the texts in order."""
        lead = ""
        if messages and messages[0].role == "system" and not self._keeps_system(messages[0].content):
            lead = messages.pop(0).content
        roles: tuple[Role, ...] = tuple(message.role for message in messages)
        skeleton = self._template.skeleton(Shape(roles, generation=True))
        yield _Part("control", skeleton.pieces[0])
        for slot, piece in zip(skeleton.slots, skeleton.pieces[1:], strict=True):
            message = messages[slot.message]
            if lead and message.role == "user":
                yield _Part("system", f"{lead.lstrip(slot.left) if slot.left != '' else lead}\n\n")
                lead = ""
            yield _Part(message.role, slot.trim(message.content))
            yield _Part("control", piece)

    def _keeps_system(self, content: str) -> bool:
        """Return whether the template renders a leading system message as its own turn."""
        if not content:
            return self._template.adds_default_system
        return self._template.has_system

    def _assemble(self, parts: Iterator[_Part]) -> Rendered:
        ids: list[int] = []
        spans: list[Span] = []
        prefix: int | None = None
        for part in parts:
            if part.role == "user" and prefix is None:
                prefix = len(ids)
            start = len(ids)
            ids += self._encode(part)
            if len(ids) > start:
                spans.append(Span(start, len(ids), part.role))
        shared = len(ids) if prefix is None else prefix
        return Rendered(tuple(ids), (False,) * len(ids), tuple(spans), shared)

    def _encode(self, part: _Part) -> Sequence[int]:
        if part.role != "control":
            return self.tokenizer.encode(_encodable(part.text), control=False)
        if part.text not in self._control_ids:
            self._control_ids[part.text] = tuple(self.tokenizer.encode(part.text, control=True))
        return self._control_ids[part.text]

    def _end_of_turn(self) -> tuple[int, ...]:
        """Return the ids that the template writes after an answer, up to the first end token."""
        if self._end is None:
            roles: tuple[Role, ...] = ("user", "assistant")
            tail = self._template.skeleton(Shape(roles, generation=False)).pieces[-1]
            ids = self.tokenizer.encode(tail, control=True)
            ends = [index for index, token in enumerate(ids) if token in self.tokenizer.eos_ids]
            if not ends:
                raise UserError("The model's chat template does not end the assistant's turn.", HINT)
            self._end = tuple(ids[: ends[0] + 1])
        return self._end


def _normalised(messages: Sequence[Message]) -> list[Message]:
    """Return the messages, with an empty system message first if they have none."""
    if messages and messages[0].role == "system":
        return list(messages)
    return [Message("system", ""), *messages]


def _encodable(text: str) -> str:
    """Replace lone surrogates: JSON can carry them, but UTF-8 and both tokenizers cannot."""
    return LONE_SURROGATE.sub("\ufffd", text)
