"""What the rows of an import of answers add up to."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.rows import BadRow
from orca_desk.library.new_records import NewRecord
from orca_desk.method.fitness import RecordFacts, Unfit, why_unfit
from orca_desk.method.records import Task, is_blank
from orca_desk.method.splits import variant_key

SHOWN = 20  # refused rows and examples to show


@dataclass
class RecordsTally:
    """The counts of an import so far. `counts` are by what became of rows, records and tasks."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    unfit: Counter[Unfit] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    problems: list[BadRow] = field(default_factory=list)
    examples: list[AnsweredRow] = field(default_factory=list)
    _made: set[int] = field(default_factory=set)  # tasks, by the first 64 bits of their ids
    _matched: set[int] = field(default_factory=set)

    @property
    def matched(self) -> int:
        """How many tasks that the library had before got a new record."""
        return len(self._matched)

    def take(self, good: Sequence[AnsweredRow], bad: Sequence[BadRow]) -> None:
        """Count the rows of a chunk."""
        self.rows += len(good) + len(bad)
        self.counts["refused"] += len(bad)
        self.problems += bad[: SHOWN - len(self.problems)]
        self.examples += good[: SHOWN - len(self.examples)]

    def count(
        self,
        records: Sequence[NewRecord],
        tasks: Mapping[str, Task],
        new_tasks: Sequence[Task],
        *,
        added: Collection[str],
        paired: Mapping[str, str],
        held: Collection[int],
    ) -> None:
        """Count the records of a chunk, of which those with the ids `added` are new.

        `tasks` are their tasks by question, `paired` the strategies of families, `held` the held-out
        questions by `variant_key`.
        """
        self.counts["tasks added"] += len(new_tasks)
        self._made |= set(map(_number, new_tasks))
        for one in records:
            if one.record.id not in added:
                self.counts["already there"] += 1  # another process brought it in the meantime
                continue
            task = tasks[one.record.conversation]
            if (number := _number(task)) not in self._made:
                self._matched.add(number)
            is_held = task.split == "heldout" or variant_key(one.record.user) in held
            self.counts["added"] += 1
            self.counts["held out"] += is_held
            self.counts["graded"] += one.verdict is not None
            self.counts["correct"] += one.verdict is not None and one.verdict.correct
            self.counts["leaked"] += bool(one.leaks)
            self.families[task.family] += 1
            imported = one.record.provenance.imported
            self.models[imported.model if imported else ""] += 1
            own = task.strategy or paired.get(task.family)
            if reason := why_unfit(_facts(one, held_out=is_held, paired=own)):
                self.unfit[reason] += 1


def _facts(new: NewRecord, *, held_out: bool, paired: str | None) -> RecordFacts:
    return RecordFacts(
        finish_reason=new.record.provenance.finish_reason,
        correct=new.verdict.correct if new.verdict else None,
        leaked=bool(new.leaks),
        held_out=held_out,
        other_strategy=paired is not None and paired != new.record.strategy,
        empty=is_blank(new.record.response),
    )


def _number(task: Task) -> int:
    return int(task.id[:16], 16)
