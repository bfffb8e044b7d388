"""What a chat template does with one model's tokens, for the person who chose or wrote it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer, SpanRole
from orca_desk.prompts.switches import switches_of
from orca_desk.prompts.template import Remark

Thoughts = Literal["none", "kept", "dropped"]  # of earlier answers, where the template knows thoughts
MOST_NAMES = 64  # control tokens that are tried as text; some vocabularies reserve thousands
# What transformers tells a template beside bos_token and eos_token
OTHER_TOKENS = ("unk_token", "pad_token", "sep_token", "cls_token", "mask_token", "additional_special_tokens")
SHOWN_BEFORE, SHOWN_AFTER = 12, 48  # characters of a prompt around where it begins to differ
SAMPLE = (
    Message("system", "You are a careful assistant."),
    Message("user", "What is 2 + 2?"),
    Message("assistant", "2 + 2 is 4."),
    Message("user", "And 3 + 3?"),
)


@dataclass(frozen=True, kw_only=True)
class PromptSpan:
    """A part of a prompt: text of the template ("control", "end") or of a message, and its tokens."""

    role: SpanRole
    text: str
    tokens: int


@dataclass(frozen=True, kw_only=True)
class TemplateCheck:
    """The findings on a template that renders.

    `end` names the token that ends an answer; empty where none does, and a student can't be trained. `stops`
    are the texts that end one then. `own_system` says whether the template writes a text of its own where
    there is no system message. `injected` names control tokens that a message's text became: always none.
    `unset` names tokens that the template reads and that Orca Desk does not set: they come out empty.
    `multi_turn` is False where only a single question can be asked. `preview` is the prompt of `SAMPLE`, or
    of its first question where the template refuses the rest.
    """

    end: str
    stops: tuple[str, ...]
    own_system: bool
    injected: tuple[str, ...]
    multi_turn: bool
    thoughts: Thoughts
    switches: tuple[str, ...]
    unset: tuple[str, ...]
    remarks: tuple[Remark, ...]
    preview: tuple[PromptSpan, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the check as JSON values; see `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TemplateCheck":
        """Return what `to_json` wrote."""
        lists = {name: tuple(one) for name, one in value.items() if isinstance(one, list | tuple)}
        return cls(**value | lists | {"preview": tuple(PromptSpan(**one) for one in value["preview"])})


def check_template(renderer: Renderer) -> TemplateCheck:
    """Look at what a model's template does. Raises UserError where it is broken or refuses a question."""
    template = renderer.template
    preview, multi_turn = _preview(renderer)
    return TemplateCheck(
        end=_end(renderer),
        stops=renderer.stops,
        own_system=template.needs_system,
        injected=_injected(renderer),
        multi_turn=multi_turn,
        thoughts="none" if not template.knows_thoughts else "dropped" if template.forgetting else "kept",
        switches=switches_of(template.source, template.asks),
        unset=tuple(name for name in OTHER_TOKENS if name in template.asks),
        remarks=template.remarks,
        preview=preview,
    )


def spans_of(renderer: Renderer, messages: Sequence[Message]) -> tuple[PromptSpan, ...]:
    """Return a prompt part by part. The messages' texts stay text, even where they look like tokens."""
    rendered = renderer.prompt(messages)
    decode = renderer.tokenizer.decode
    return tuple(
        PromptSpan(
            role=span.role,
            text=decode(rendered.ids[span.start : span.end], control=True),
            tokens=span.end - span.start,
        )
        for span in rendered.spans
    )


def _preview(renderer: Renderer) -> tuple[tuple[PromptSpan, ...], bool]:
    try:
        return spans_of(renderer, SAMPLE), True
    except UserError:
        return spans_of(renderer, SAMPLE[:2]), False


def _end(renderer: Renderer) -> str:
    try:
        last = renderer.example("", SAMPLE[1].content, SAMPLE[2].content).ids[-1]
    except UserError:
        return ""
    return renderer.tokenizer.decode([last], control=True)


def _injected(renderer: Renderer) -> tuple[str, ...]:
    """Write the names of control tokens into a question; return those that became tokens there."""
    control = renderer.tokenizer.control
    names = list(control.values())[:MOST_NAMES]
    rendered = renderer.prompt([Message("user", " ".join(names))])
    found = {
        token
        for span in rendered.spans
        if span.role in ("system", "user")
        for token in rendered.ids[span.start : span.end]
        if token in control
    }
    return tuple(sorted(control[token] for token in found))


def first_difference(one: TemplateCheck, other: TemplateCheck) -> tuple[str, str] | None:
    """Return where the prompts of two checks begin to differ, a piece of each; None where they do not."""
    texts = ["".join(span.text for span in check.preview) for check in (one, other)]
    if texts[0] == texts[1]:
        return None
    pairs = zip(*texts, strict=False)
    common = next((place for place, (a, b) in enumerate(pairs) if a != b), min(map(len, texts)))
    start = max(0, common - SHOWN_BEFORE)
    first, second = (text[start : common + SHOWN_AFTER] for text in texts)
    return first, second
