"""The one renderer: from messages to token ids, for teaching, training, evaluating and chatting alike.

It tokenises each template piece with control tokens on, each text with them off. So no text can become a
control token, and a prompt is always the exact beginning of the example made from it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.method.roles import Role
from orca_desk.method.thoughts import split_thoughts
from orca_desk.method.turns import Turns
from orca_desk.prompts.harmony import CHANNEL, END, FINAL, MESSAGE, START, speaks_harmony
from orca_desk.prompts.messages import Message, conversation
from orca_desk.prompts.template import ChatTemplate, Shape
from orca_desk.prompts.thoughts import TAG_NAMES, continuation, leading_thoughts, opened_thoughts
from orca_desk.prompts.tokenizer import Tokenizer

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
WHITE = " \t\r\n"
SHORTEST_STOP = 3  # characters; a shorter text may well stand in an answer
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
    before the first user text, are the same for every conversation with the same system message. `opening`
    is what a prompt has already begun of the answer: the tag that opens its thoughts.
    """

    ids: tuple[int, ...]
    mask: tuple[bool, ...]
    spans: tuple[Span, ...]
    prefix: int
    opening: str = ""


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
        self.template = ChatTemplate(tokenizer.chat_template, bos=tokenizer.bos, eos=tokenizer.eos)
        self._control_ids: dict[str, tuple[int, ...]] = {}
        self._harmony = speaks_harmony(tokenizer.control)
        tags = [re.escape(name) for name in tokenizer.control.values() if name in TAG_NAMES]
        self._tags = re.compile(f"({'|'.join(tags)})") if tags else None

    def prompt(self, messages: Sequence[Message]) -> Rendered:
        """Render a conversation up to where the assistant starts to speak.

        An empty system message means no system turn, or an explicitly empty one where the template would
        write its own. If the template has no system role, the system text goes before the first user text.
        Thoughts of earlier answers are dropped where the template does so.
        Raises UserError when the template is broken or refuses the conversation.
        """
        parts = list(self._parts(_normalised(messages)))
        return self._assemble(parts, opened_thoughts(parts[-1].text))

    def example(
        self, system: str, user: str, assistant: str, *, turns: Turns = (), mask_thoughts: bool = False
    ) -> Rendered:
        """Render a training example: the prompt, then the answer and the token that ends the turn.

        `turns` come before the user message and are part of the prompt, earlier answers too.
        The mask is True for exactly the answer and its end; with `mask_thoughts`, only for what follows the
        tag that closes its thoughts. Raises UserError as `prompt` does, and when the template does not end
        the assistant's turn.
        """
        parts = list(self._parts(_normalised(conversation(system, user, turns))))
        opening = opened_thoughts(parts[-1].text)
        prompt = self._assemble(parts, opening)
        answer = continuation(opening, assistant) if opening else assistant
        learned = self._assemble(self._answer(answer))
        start, middle = len(prompt.ids), len(prompt.ids) + len(learned.ids)
        stop = middle + len(self._end_of_turn)
        thoughts = leading_thoughts(answer, opening) if mask_thoughts else ""
        masked = start + (self._common(learned.ids, thoughts) if thoughts else 0)
        spans = (Span(start + span.start, start + span.end, span.role) for span in learned.spans)
        return Rendered(
            ids=prompt.ids + learned.ids + self._end_of_turn,
            mask=(False,) * masked + (True,) * (stop - masked),
            spans=(*prompt.spans, *spans, Span(middle, stop, "end")),
            prefix=prompt.prefix,
        )

    def answered(self, messages: Sequence[Message], answer: str) -> Rendered:
        """Render a conversation and an answer to it, without the end of its turn; the mask is the answer's.

        Raises UserError as `prompt` does.
        """
        prompt = self.prompt(messages)
        written = continuation(prompt.opening, answer) if prompt.opening else answer
        spoken = self._assemble(self._answer(written))
        start = len(prompt.ids)
        spans = (Span(start + span.start, start + span.end, span.role) for span in spoken.spans)
        return Rendered(
            ids=prompt.ids + spoken.ids,
            mask=(False,) * start + (True,) * len(spoken.ids),
            spans=(*prompt.spans, *spans),
            prefix=prompt.prefix,
        )

    @cached_property
    def stops(self) -> tuple[str, ...]:
        """Texts at which an answer is over, where no token of the template ends it; usually none.

        They are what the template writes between an answer and the next question.
        """
        if self._ends_turns:
            return ()
        lines = (line.strip() for line in (self._between or self._tail).splitlines())
        return tuple(line for line in lines if len(line) >= SHORTEST_STOP)[:1]

    @cached_property
    def ends(self) -> frozenset[int]:
        """The tokens that end an answer: the model's own, and one that only its template writes there."""
        own = self.tokenizer.eos_ids
        if self._ends_turns:
            return own
        written = self.tokenizer.encode(self._tail.lstrip(), control=True)[:1]
        return own | {token for token in written if token in self.tokenizer.control}

    def _parts(self, messages: list[Message]) -> Iterator[_Part]:
        """Yield the template's pieces and the texts in order.

        A piece's spaces before a text, and its white space behind one, go to the text: models learned
        " word" and "?\\n" as one token. Line ends before a text stay with the template, so that what comes
        before the first question depends on the system message alone.
        """
        pieces = list(self._pieces(messages))
        texts = [part.text for part in pieces]
        for at, (left, right) in enumerate(pairwise(pieces)):
            if left.role == "control" and right.role != "control":
                kept = texts[at].rstrip(" ")
                texts[at : at + 2] = kept, texts[at][len(kept) :] + texts[at + 1]
            elif left.role != "control" and right.role == "control":
                kept = texts[at + 1].lstrip(WHITE)
                moved = texts[at + 1][: len(texts[at + 1]) - len(kept)]
                texts[at : at + 2] = texts[at] + moved, kept
        for part, text in zip(pieces, texts, strict=True):
            yield _Part(part.role, text)

    def _pieces(self, messages: list[Message]) -> Iterator[_Part]:
        """Yield the template's pieces and the texts in order, each as it is."""
        lead = ""
        if messages and messages[0].role == "system" and not self._keeps_system(messages[0].content):
            lead = messages.pop(0).content
        roles: tuple[Role, ...] = tuple(message.role for message in messages)
        skeleton = self.template.skeleton(Shape(roles, generation=True))
        yield _Part("control", skeleton.pieces[0])
        for slot, piece in zip(skeleton.slots, skeleton.pieces[1:], strict=True):
            message = messages[slot.message]
            if lead and message.role == "user":
                yield _Part("system", f"{lead.lstrip(slot.left) if slot.left != '' else lead}\n\n")
                lead = ""
            if message.role == "assistant":
                yield from self._texts(slot.trim(self._remembered(message.content)))
            else:
                yield _Part(message.role, slot.trim(message.content))
            yield _Part("control", piece)

    def _remembered(self, answer: str) -> str:
        """Return an earlier answer as the model gets to see it again."""
        if self._harmony:
            return split_thoughts(answer)[1]
        return self.template.forgetting.apply(answer) if self.template.forgetting else answer

    def _answer(self, answer: str) -> Iterator[_Part]:
        """Yield what a model writes for an answer: in Harmony, headers that name channels too."""
        header = self._answer_header
        thoughts, rest = split_thoughts(answer) if self._harmony and CHANNEL in header else ("", answer)
        if thoughts:
            yield _Part("control", header.replace(FINAL, "analysis"))
            yield _Part("assistant", thoughts)
            yield _Part("control", f"{END}{START}assistant")
        if header:
            yield _Part("control", header)
        yield from self._texts(rest)

    def _common(self, ids: Sequence[int], beginning: str) -> int:
        """Return how many of an answer's `ids` are those of its `beginning` alone.

        A token that reaches into the rest is none of them.
        """
        alone = self._assemble(self._answer(beginning)).ids
        pairs = zip(ids, alone, strict=False)
        return next(
            (place for place, (one, other) in enumerate(pairs) if one != other), min(len(ids), len(alone))
        )

    def _texts(self, answer: str) -> Iterator[_Part]:
        """Yield an answer, with the tags around its thoughts as control tokens where they are some."""
        pieces = self._tags.split(answer, maxsplit=2) if self._tags else [answer]
        for index, text in enumerate(pieces):
            yield _Part("control" if index % 2 else "assistant", text)

    @cached_property
    def _answer_header(self) -> str:
        """What the model itself writes between the prompt and its answer: in Harmony, the header's rest."""
        if not self._harmony:
            return ""
        prompt = self.template.skeleton(Shape(("user",), generation=True)).pieces[-1]
        whole = self.template.skeleton(Shape(("user", "assistant"), generation=False)).pieces[1]
        header = whole.removeprefix(prompt)
        return header if len(header) < len(whole) and header.endswith(MESSAGE) else ""

    def _keeps_system(self, content: str) -> bool:
        """Return whether the template renders a leading system message as its own turn."""
        if not content:
            return self.template.needs_system
        return self.template.has_system

    def _assemble(self, parts: Iterable[_Part], opening: str = "") -> Rendered:
        ids: list[int] = []
        spans: list[Span] = []
        prefix: int | None = None
        for part in parts:
            if part.role == "user" and prefix is None:
                prefix = len(ids)
            start = len(ids)
            ids += self._encode(part)
            if start == 0 and ids[:2] == [self._bos] * 2:
                del ids[0]  # a template that writes it, for a tokenizer that once added it
            if len(ids) > start:
                spans.append(Span(start, len(ids), part.role))
        shared = len(ids) if prefix is None else prefix
        return Rendered(tuple(ids), (False,) * len(ids), tuple(spans), shared, opening)

    def _encode(self, part: _Part) -> Sequence[int]:
        if part.role != "control":
            return self.tokenizer.encode(_encodable(part.text), control=False)
        if part.text not in self._control_ids:
            self._control_ids[part.text] = tuple(self.tokenizer.encode(part.text, control=True))
        return self._control_ids[part.text]

    @cached_property
    def _bos(self) -> int:
        """The id that begins a sequence; -1 if there is none."""
        ids = self.tokenizer.encode(self.tokenizer.bos, control=True)
        return ids[0] if len(ids) == 1 else -1

    @cached_property
    def _tail(self) -> str:
        """What the template writes after an answer.

        Some leave a last answer open, and end it by the token that begins the next question or stands there.
        """
        roles: tuple[Role, ...] = ("user", "assistant")
        last = self.template.skeleton(Shape(roles, generation=False)).pieces[-1]
        if self.tokenizer.eos_ids.isdisjoint(self.tokenizer.encode(last, control=True)):
            first = self.tokenizer.encode(self._between.lstrip(), control=True)[:1]
            return self._between if first and first[0] in self.tokenizer.eos_ids else last
        return last

    @cached_property
    def _between(self) -> str:
        """What the template writes between an answer and the next question; empty if it refuses one."""
        try:
            return self.template.skeleton(Shape(("user", "assistant", "user"), generation=True)).pieces[2]
        except UserError:
            return ""

    @cached_property
    def _ends_turns(self) -> bool:
        """Whether a token that ends an answer follows one."""
        return not self.tokenizer.eos_ids.isdisjoint(self.tokenizer.encode(self._tail, control=True))

    @cached_property
    def _end_of_turn(self) -> tuple[int, ...]:
        """The ids that the template writes after an answer, up to the first end token."""
        ids = self.tokenizer.encode(self._tail, control=True)
        ends = [index for index, token in enumerate(ids) if token in self.tokenizer.eos_ids]
        if not ends:
            written = f", only {self._tail.strip()!r}" if self._tail.strip() else ""
            name = f" ({self.tokenizer.eos})" if self.tokenizer.eos else ""
            raise UserError(
                "The model's chat template does not end the assistant's turn: it writes no end token after "
                f"an answer{written}. A student could never learn to stop.",
                "Choose the instruction-tuned variant of this model; or, for a base model, add "
                f"{{{{ eos_token }}}}{name} after the assistant's text in its chat template.",
            )
        return tuple(ids[: ends[0] + 1])


def _normalised(messages: Sequence[Message]) -> list[Message]:
    """Return the messages, with an empty system message first if they have none."""
    if messages and messages[0].role == "system":
        return list(messages)
    return [Message("system", ""), *messages]


def _encodable(text: str) -> str:
    """Replace lone surrogates: JSON can carry them, but UTF-8 and both tokenizers cannot."""
    return LONE_SURROGATE.sub("\ufffd", text)
