"""Chat templates as pieces: what a template writes between the texts of a conversation.

Templates are untrusted. A short-lived worker runs one once per shape of conversation (its roles), with a
sentinel in place of every text. What it writes between the sentinels are its pieces; the texts themselves
never reach Jinja, so that nothing can mistake them for template text.
"""

import itertools
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.method.roles import Role
from orca_desk.processes.command import worker_command
from orca_desk.prompts.thoughts import ForgottenThoughts, opened_thoughts, tags_of

SECONDS = 20  # to start the worker on a busy machine; it limits itself to 2 s of processor time
# White space around the sentinels, to learn what the template trims. What remains of it tells which
# characters it trims: none, all white space (None), or only line ends.
BEFORE, AFTER = "\n \t\n", "\n\t \n"
TRIMMED_BEFORE: dict[str, str | None] = {BEFORE: "", "": None, BEFORE.lstrip("\n"): "\n"}
TRIMMED_AFTER: dict[str, str | None] = {AFTER: "", "": None, AFTER.rstrip("\n"): "\n"}
# Messages of a conversation that any template renders within its limits. A longer one may exceed them by its
# length, which says nothing of the template.
ORDINARY = 32
TURNS = 4  # of a chat, learned at once: each start of the worker takes a tenth of a second
MOST_KNOWN = 256  # shapes; a server meets those of all its clients
JOBS_KEPT = 64  # of the worker, with what it wrote: some kB each
HINT = "Use another build of the model, with the chat template of its publisher."
THOUGHT = "ORCAxTHOUGHTxDESK"
# What a user should know of a template: it writes a date, which is always the same (`workers.render.NOW`); it
# has no system role, so that the system message leads the first question; it opens thoughts.
Remark = Literal["fixed_date", "system_in_user", "opens_thoughts"]


@dataclass(frozen=True)
class Shape:
    """A conversation without its texts. With `generation` it ends where the assistant starts to speak."""

    roles: tuple[Role, ...]
    generation: bool


@dataclass(frozen=True)
class Slot:
    """The position of a message's text, and the characters trimmed at its ends (None: white space)."""

    message: int
    left: str | None
    right: str | None

    def trim(self, text: str) -> str:
        """Return `text`, trimmed as the template does."""
        if self.left != "":
            text = text.lstrip(self.left)
        return text if self.right == "" else text.rstrip(self.right)


@dataclass(frozen=True)
class Skeleton:
    """The pieces of one shape: `slots[i]` is between `pieces[i]` and `pieces[i + 1]`."""

    pieces: tuple[str, ...]
    slots: tuple[Slot, ...]


class TemplateRefusalError(UserError):
    """The template does not accept this shape of conversation (no system role, roles out of order)."""


def _usual_shapes() -> Iterator[Shape]:
    """Yield the shapes of a first question, and of a chat's first `TURNS` questions and answers."""
    yield Shape(("user",), False)
    openings: tuple[tuple[Role, ...], ...] = ((), ("system",))
    turn: tuple[Role, ...] = ("user", "assistant")
    for turns, opening in itertools.product(range(1, TURNS + 1), openings):
        roles = (*opening, *(turn * turns))
        yield Shape(roles[:-1], True)
        yield Shape(roles, False)


USUAL_SHAPES = tuple(_usual_shapes())


class ChatTemplate:
    """A chat template with the names of its tokens. `skeleton` returns the pieces of a shape, cached."""

    def __init__(self, source: str, *, bos: str, eos: str) -> None:
        self.source = source
        self._variables = {"bos_token": bos, "eos_token": eos}
        self._known: dict[Shape, Skeleton | UserError] = {}
        self._asked_clock = False
        self._asks: set[str] = set()
        self._exhausted: UserError | None = None  # what exceeded its time or memory once is not run again
        self._typed = False  # whether contents are lists of parts

    def skeleton(self, shape: Shape) -> Skeleton:
        """Return the pieces of `shape`; a prompt always ends with what begins an answer.

        Raises TemplateRefusalError when the template refuses the shape or drops a text, and UserError when it
        is broken, hostile, or changes texts in an unknown way.
        """
        written = self._as_written(shape)
        if not shape.generation or not self._omitted_header:
            return written
        return replace(written, pieces=(*written.pieces[:-1], written.pieces[-1] + self._omitted_header))

    def _as_written(self, shape: Shape) -> Skeleton:
        if not self._known:
            ordinary = (shape,) if len(shape.roles) <= ORDINARY else ()
            self._learn(list(dict.fromkeys((*USUAL_SHAPES, *ordinary))))
        if shape not in self._known:
            self._learn([shape])
        known = self._known[shape]
        if isinstance(known, UserError):
            raise known
        return known

    @cached_property
    def _omitted_header(self) -> str:
        """What begins an answer, where the template ignores that a prompt was asked for; usually nothing.

        Without it the model would write the header itself, as the beginning of its answer.
        """
        question: tuple[Role, ...] = ("user",)
        try:
            asked = self._as_written(Shape(question, True)).pieces[-1]
            if asked != self._as_written(Shape(question, False)).pieces[-1]:
                return ""
            between = self._as_written(Shape((*question, "assistant"), False)).pieces[1]
        except UserError:
            return ""
        # The answer brings its own space, as with every other header.
        return between.removeprefix(asked).rstrip(" ") if between.startswith(asked) else ""

    @cached_property
    def has_system(self) -> bool:
        """Whether the template renders a system message. Raises UserError when it renders nothing at all."""
        try:
            self.skeleton(Shape(("system", "user"), True))
        except UserError:  # refused, or broken by a role that it does not know
            self.skeleton(Shape(("user",), True))
            return False
        return True

    @cached_property
    def needs_system(self) -> bool:
        """Whether a conversation without a system message must have an empty one.

        So it is where the template writes a default text in its place, or refuses to go without.
        """
        if not self.has_system:
            return False
        before, between, _ = self.skeleton(Shape(("system", "user"), True)).pieces
        try:
            alone = self.skeleton(Shape(("user",), True)).pieces[0]
        except TemplateRefusalError:
            return True
        has_frame = len(alone) >= len(before) + len(between)
        if has_frame and alone.startswith(before) and alone.endswith(between):
            return True
        # Without default text, it begins like the system turn and goes on like the user's.
        return not any(
            before.startswith(alone[:cut]) and between.endswith(alone[cut:]) for cut in range(len(alone) + 1)
        )

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What a user should know of the prompts. Raises UserError when the template is broken."""
        pieces = self.skeleton(Shape(("user",), True)).pieces
        found: dict[Remark, bool] = {
            "fixed_date": self._asked_clock,
            "system_in_user": not self.has_system,
            "opens_thoughts": bool(opened_thoughts(pieces[-1])),
        }
        return tuple(remark for remark, holds in found.items() if holds)

    @property
    def knows_thoughts(self) -> bool:
        """Whether the template's text names tags of thoughts."""
        return tags_of(self.source) is not None

    @cached_property
    def asks(self) -> frozenset[str]:
        """The names of variables that the template reads, and that nobody sets. Raises UserError."""
        self.skeleton(Shape(("user",), True))
        return frozenset(self._asks)

    @cached_property
    def forgetting(self) -> ForgottenThoughts | None:
        """How the template drops thoughts from earlier answers; None if it keeps them, or knows none.

        One that writes closed thoughts before every earlier answer expects answers without their own.
        """
        tags = tags_of(self.source)
        if tags is None:
            return None
        self.skeleton(Shape(("user",), True))  # which tells whether contents are lists
        thoughts = f"{tags[0]}\n{THOUGHT}\n{tags[1]}\n\n"
        shape = Shape(("user", "assistant", "user"), True)
        conversation = _conversation(shape, padded=False, typed=self._typed, thoughts=thoughts)
        text = self._render([conversation])[0].get("text", "")
        if _sentinel(1) not in text:
            return None
        if THOUGHT not in text:
            return ForgottenThoughts(tags[1], strips=f"\n\n{_sentinel(1)}" not in text)
        header = text[: text.index(THOUGHT)].rpartition(_sentinel(0))[2]
        return ForgottenThoughts(tags[1], strips=True) if tags[1] in header else None

    def _learn(self, shapes: Sequence[Shape]) -> None:
        is_first = not self._known
        self._known |= self._skeletons(shapes)
        too_many = max(0, len(self._known) - MOST_KNOWN)
        for old in list(self._known)[len(USUAL_SHAPES) : len(USUAL_SHAPES) + too_many]:
            del self._known[old]
        if is_first and isinstance(self._known[Shape(("user",), True)], UserError):
            self._typed = True  # some templates, mostly of vision models, take lists of typed parts only
            found = self._skeletons(shapes)
            if isinstance(found[Shape(("user",), True)], Skeleton):
                self._known |= found
            else:
                self._typed = False

    def _skeletons(self, shapes: Sequence[Shape]) -> dict[Shape, Skeleton | UserError]:
        conversations = [
            _conversation(shape, padded, self._typed) for shape in shapes for padded in (False, True)
        ]
        rendered = self._render(conversations)
        found: dict[Shape, Skeleton | UserError] = {}
        for index, shape in enumerate(shapes):
            plain, padded = rendered[2 * index], rendered[2 * index + 1]
            try:
                found[shape] = _skeleton(shape, _text(plain), _text(padded))
            except UserError as error:
                found[shape] = error
        return found

    def _render(self, conversations: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
        """Run the `render` worker. Raises UserError when it exceeds its time or memory.

        That holds once and for all, unless a conversation was so long that it explains it.
        """
        if self._exhausted:
            raise self._exhausted
        try:
            return self._run(conversations)
        except UserError as error:
            longest = max(len(one["messages"]) for one in conversations)
            if longest > ORDINARY:
                raise UserError(
                    f"The conversation has {longest:,} messages, too many for the model's chat template.",
                    "Start a new conversation.",
                ) from error
            self._exhausted = error
            raise

    def _run(self, conversations: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
        job = {"template": self.source, "variables": self._variables, "conversations": conversations}
        result = json.loads(_rendered(json.dumps(job).encode()))
        self._asked_clock |= result["clock"]
        self._asks |= set(result["asks"])
        rendered: list[dict[str, str]] = result["rendered"]
        return rendered


@lru_cache(JOBS_KEPT)
def _rendered(job: bytes) -> bytes:
    """Return what the `render` worker writes for `job`: always the same, as its clock stands still.

    Every page and job that needs a model makes its template anew, and would start the worker anew.
    """
    try:
        done = subprocess.run(worker_command("render"), input=job, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise UserError("The model's chat template runs forever.", HINT) from None
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise UserError(f"The model's chat template exceeded its time or memory ({last or 'killed'}).", HINT)
    return done.stdout


def _sentinel(message: int) -> str:
    return f"ORCAx{message}xDESK"


def _conversation(shape: Shape, padded: bool, typed: bool, thoughts: str = "") -> dict[str, Any]:
    """Return a conversation for the worker, with `thoughts` before every answer."""
    before, after = (BEFORE, AFTER) if padded else ("", "")
    texts = [
        f"{before}{thoughts if role == 'assistant' else ''}{_sentinel(index)}{after}"
        for index, role in enumerate(shape.roles)
    ]
    messages = [
        {"role": role, "content": [{"type": "text", "text": text}] if typed else text}
        for role, text in zip(shape.roles, texts, strict=True)
    ]
    return {"messages": messages, "add_generation_prompt": shape.generation}


def _text(rendered: dict[str, str]) -> str:
    if "refused" in rendered:
        raise TemplateRefusalError(f"The model's chat template says: {rendered['refused']}", HINT)
    if "broken" in rendered:
        raise UserError(f"The model's chat template cannot run: {rendered['broken']}.", HINT)
    return rendered["text"]


def _skeleton(shape: Shape, plain: str, padded: str) -> Skeleton:
    """Cut `plain` at its sentinels; compare with `padded` to learn what is trimmed."""
    pieces, order = _cut(shape, plain)
    padded_pieces, padded_order = _cut(shape, padded)
    if order != padded_order:
        raise UserError("The model's chat template depends on the texts themselves.", HINT)
    left: list[str | None] = []
    right: list[str | None] = []
    for piece, padded_piece in zip(pieces, padded_pieces, strict=True):
        after, before = _remaining_padding(piece, padded_piece)
        right.append(TRIMMED_AFTER[after])
        left.append(TRIMMED_BEFORE[before])
    slots = [Slot(message, left[index], right[index + 1]) for index, message in enumerate(order)]
    return Skeleton(pieces, tuple(slots))


def _remaining_padding(piece: str, padded: str) -> tuple[str, str]:
    """Return the padding left before and after the template's own `piece` in the padded rendering."""
    for after in TRIMMED_AFTER:
        for before in TRIMMED_BEFORE:
            if after + piece + before == padded:
                return after, before
    raise UserError("The model's chat template changes the texts of a conversation.", HINT)


def _cut(shape: Shape, text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the pieces around the sentinels in `text`, and the messages in the order found."""
    found = sorted((text.find(_sentinel(i)), i) for i in range(len(shape.roles)))
    pieces, end = [], 0
    for start, message in found:
        name = _sentinel(message)
        if start < 0 or text.count(name) != 1:
            what = "drops" if start < 0 else "repeats"
            kind = TemplateRefusalError if shape.roles[message] == "system" else UserError
            raise kind(f"The model's chat template {what} the {shape.roles[message]} message.", HINT)
        pieces.append(text[end:start])
        end = start + len(name)
    return (*pieces, text[end:]), tuple(message for _, message in found)
