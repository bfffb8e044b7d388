"""How long the records of a snapshot are for one student, and which of them a training would use."""

from array import array
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from orca_desk.inventory.templates import override_of
from orca_desk.library.database import Library
from orca_desk.library.snapshots import Snapshot, snapshot_characters, snapshot_records
from orca_desk.method.records import TrainingRecord
from orca_desk.method.thoughts import split_thoughts
from orca_desk.method.turns import conversation_text
from orca_desk.student.settings import TrainSettings

if TYPE_CHECKING:
    from orca_desk.prompts.renderer import Rendered, Renderer

COUNTED_CHARACTERS = 5_000_000  # some seconds of tokenising; with more text, a sample of records is measured
SAMPLE = 2000  # records
NO_ANSWER = 1 << 30  # tokens


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The records that have an answer, as the trainer will render them, in the order of the snapshot.

    `tokens` are their lengths, `answers` how many tokens go before the first trained one, `behind_thoughts`
    the same where thoughts are masked (NO_ANSWER for a record of thoughts alone), `groups` their questions
    (see `student.data.group_of`). `empty` counts the measured records without an answer. `share`
    is the share of the snapshot that was measured: below 1, this is a sample.
    """

    tokens: "array[int]"
    answers: "array[int]"
    behind_thoughts: "array[int]"
    groups: tuple[str, ...]
    empty: int
    share: float

    @property
    def total(self) -> float:
        """The tokens of all records; an estimate if only a sample was measured."""
        return sum(self.tokens) / self.share

    @property
    def longest(self) -> int:
        """The tokens of the longest measured record."""
        return max(self.tokens, default=0)

    def longer_than(self, limit: int) -> float:
        """Return how many records have more than `limit` tokens; an estimate for a sample."""
        return sum(length > limit for length in self.tokens) / self.share

    def trained(self, settings: TrainSettings, limit: int) -> list[int]:
        """Return the lengths of the measured records that are trained, as `student.data.prepare` chooses."""
        from orca_desk.student.data import held_out_groups  # brings numpy and tokenizers

        starts = self.behind_thoughts if settings.thoughts == "mask" else self.answers
        fitting = [
            (min(length, limit), group)
            for length, start, group in zip(self.tokens, starts, self.groups, strict=True)
            if start < NO_ANSWER and (start < limit if settings.truncation == "cut" else length <= limit)
        ]
        groups = (group for _, group in fitting)
        held = held_out_groups(groups, settings.eval_fraction, settings.seed)
        return [length for length, group in fitting if group not in held]


def token_lengths(library: Library, snapshot: Snapshot, base: Path) -> Lengths:
    """Return the lengths of a snapshot's records, rendered for the student `base`, a folder or a GGUF file.

    Measures all records, or an evenly spread sample if the text is long. Raises UserError when the
    student's tokenizer or chat template cannot be used.
    """
    from orca_desk.prompts.renderer import Renderer
    from orca_desk.student.data import group_of
    from orca_desk.student.folder_tokenizer import base_tokenizer

    characters = snapshot_characters(library, snapshot.id)
    step = 1 if characters <= COUNTED_CHARACTERS else max(1, snapshot.records // SAMPLE)
    renderer = Renderer(base_tokenizer(base, override_of(library, base)))
    tokens, answers, behind = array("l"), array("l"), array("l")
    groups: list[str] = []
    measured = 0
    for record in islice(snapshot_records(library, snapshot.id), 0, None, step):
        measured += 1
        if record.assistant.strip():
            rendered = renderer.example(record.system, record.user, record.assistant, turns=record.turns)
            tokens.append(len(rendered.ids))
            answers.append(_first_trained(rendered))
            behind.append(_behind_thoughts(renderer, record, answers[-1]))
            groups.append(group_of(conversation_text(record.turns, record.user)))
    return Lengths(
        tokens=tokens,
        answers=answers,
        behind_thoughts=behind,
        groups=tuple(groups),
        empty=measured - len(tokens),
        share=measured / max(1, snapshot.records),
    )


def _first_trained(rendered: "Rendered") -> int:
    return next((place for place, on in enumerate(rendered.mask) if on), len(rendered.ids))


def _behind_thoughts(renderer: "Renderer", record: TrainingRecord, start: int) -> int:
    """Return where training begins if thoughts are masked; `start` is where it begins otherwise."""
    thoughts, answer = split_thoughts(record.assistant)
    if not thoughts:
        return start
    if not answer.strip():
        return NO_ANSWER
    rendered = renderer.example(
        record.system, record.user, record.assistant, turns=record.turns, mask_thoughts=True
    )
    return _first_trained(rendered)
