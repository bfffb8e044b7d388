"""A training record as the tokens that the trainer sees, and token totals of many records.

The trainer's own functions (`orca_desk.student.data` with the one renderer) produce the tokens, so they
cannot differ from those in training. Only the tokenizer's files are needed, not the model.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.templates import override_of
from orca_desk.library.database import Library
from orca_desk.library.fitness import by_rowids
from orca_desk.library.records import RecordFilter, count_records, iterate_records
from orca_desk.library.snapshots import get_snapshot, snapshot_records
from orca_desk.method.erasure import erase
from orca_desk.method.records import TrainingRecord
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.prompts.renderer import Renderer, SpanRole
from orca_desk.steps.votes import vote
from orca_desk.student.data import Example, fit, render

REPORT_EVERY = 50  # records


@dataclass(frozen=True, kw_only=True)
class InspectedToken:
    """One token. `text` is what it adds to the text: nothing if a character ends only in a later token.

    `control` marks a special token, shown by its name, which no text can produce.
    """

    id: int
    text: str
    role: SpanRole
    trained: bool
    control: bool


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """A training record as the trainer sees it; tokens from index `limit` on do not fit.

    `trained` and `masked` count the tokens that fit, as the trainer counts them.
    """

    tokens: tuple[InspectedToken, ...]
    limit: int
    trained: int
    masked: int

    @property
    def too_long(self) -> bool:
        """Whether some tokens exceed the limit."""
        return len(self.tokens) > self.limit


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Totals over records: all fields except `records`, `too_long` and `finished` count tokens.

    `cut` counts the tokens beyond the limit; `trained` and `masked` count those within it. `finished` is
    False if the count was stopped.
    """

    records: int
    trained: int
    masked: int
    longest: int
    too_long: int
    cut: int
    finished: bool


class Inspector:
    """Renders training records for one student. Creating it reads the tokenizer, which takes a moment."""

    def __init__(self, base: Path, template: str | None = None) -> None:
        """Read the tokenizer of the student `base`, a folder or a GGUF file. Raises UserError if that fails.

        `template` is the user's chat template for it; None: its own.
        """
        from orca_desk.student.folder_tokenizer import base_tokenizer  # `tokenizers` is not needed until here

        self.tokenizer = base_tokenizer(base, template)
        self.renderer = Renderer(self.tokenizer)

    def inspect(self, training: TrainingRecord, *, limit: int) -> Inspection:
        """Return a record's tokens. Raises UserError if the model's template is broken."""
        rendered = self.renderer.example(
            training.system, training.user, training.assistant, turns=training.turns
        )
        roles = [span.role for span in rendered.spans for _ in range(span.end - span.start)]
        texts = self._texts(rendered.ids)
        tokens = tuple(
            InspectedToken(id=token, text=text, role=role, trained=learned, control=self._is_control(token))
            for token, text, role, learned in zip(rendered.ids, texts, roles, rendered.mask, strict=True)
        )
        example = _cut(self._example(training), limit)
        return Inspection(
            tokens=tokens,
            limit=limit,
            trained=example.trained,
            masked=len(example.ids) - example.trained,
        )

    def total(
        self,
        records: Iterable[TrainingRecord],
        *,
        limit: int,
        count: int,
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> Totals:
        """Count the tokens of `count` records."""
        control = control or JobControl()
        meter = Meter(progress, stage="counting tokens", total=count, unit="records")
        done = trained = masked = longest = too_long = cut = 0
        for record in records:
            if not control.proceed():
                break
            whole = self._example(record)
            example = _cut(whole, limit)
            done += 1
            trained += example.trained
            masked += len(example.ids) - example.trained
            longest = max(longest, len(whole.ids))
            too_long += len(whole.ids) > limit
            cut += len(whole.ids) - len(example.ids)
            if done % REPORT_EVERY == 0:
                meter.advance(REPORT_EVERY)
        meter.advance(done - meter.done)
        return Totals(
            records=done,
            trained=trained,
            masked=masked,
            longest=longest,
            too_long=too_long,
            cut=cut,
            finished=not control.stopped,
        )

    def _example(self, training: TrainingRecord) -> Example:
        return render(
            {
                "id": training.id,
                "system": training.system,
                "user": training.user,
                "assistant": training.assistant,
                "turns": training.turns,
            },
            self.renderer,
        )

    def _is_control(self, token: int) -> bool:
        return not self.tokenizer.piece_bytes(token)

    def _texts(self, ids: Iterable[int]) -> Iterator[str]:
        """Yield the text that each token adds; a special token adds its name."""
        waiting = b""
        for token in ids:
            piece = self.tokenizer.piece_bytes(token)
            if not piece:
                yield self.tokenizer.decode([token], control=True)
                continue
            text, waiting = _whole_characters(waiting + piece)
            yield text


def inspect_snapshot(
    library: Library,
    base: Path,
    snapshot: str,
    *,
    limit: int,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Totals:
    """Count the tokens of all records of a snapshot. Raises UserError for an unusable model."""
    return Inspector(base, override_of(library, base)).total(
        snapshot_records(library, snapshot),
        limit=limit,
        count=get_snapshot(library, snapshot).records,
        progress=progress,
        control=control,
    )


def inspect_records(
    library: Library,
    base: Path,
    wanted: RecordFilter,
    instruction: str,
    *,
    limit: int,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Totals:
    """Count the tokens of the matching records, erased with the student message `instruction`.

    Raises UserError if no record matches, and for an unusable model.
    """
    wanted = by_rowids(library, wanted, vote=vote)
    count = count_records(library, wanted)
    if not count:
        raise UserError("No records match.", "Keep some records, or widen the filter.")
    return Inspector(base, override_of(library, base)).total(
        (erase(stored.current, instruction) for stored in iterate_records(library, wanted)),
        limit=limit,
        count=count,
        progress=progress,
        control=control,
    )


def _cut(example: Example, limit: int) -> Example:
    """Cut an example to `limit` tokens, as the trainer does, even if nothing to learn remains."""
    fitting, _ = fit([example], limit, "cut")
    if fitting:
        return fitting[0]
    return Example(id=example.id, group=example.group, ids=example.ids[:limit], mask=example.mask[:limit])


def _whole_characters(data: bytes) -> tuple[str, bytes]:
    """Split UTF-8 bytes into the text they make and the beginning of a character still to come."""
    for tail in range(min(3, len(data)), 0, -1):
        try:
            data[-tail:].decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and error.start == 0:
                return data[:-tail].decode("utf-8", "replace"), data[-tail:]
    return data.decode("utf-8", "replace"), b""
