"""Growing by a teacher: the proposals of one batch are there before the next one is asked about."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from orca_desk.library.database import Library
from orca_desk.library.proposals import add_proposals
from orca_desk.method.proposals import Proposal
from orca_desk.processes.overall import OverallProgress
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.grow.grown import Grown, Source
from orca_desk.steps.grow.replies import Replies, ReplyDesk, Wording

Item = TypeVar("Item")


class GrowingBatches(ABC, Generic[Item]):
    """A run in progress on passages or seed tasks; `counts` has what it left out, by the names in `Grown`."""

    source: ClassVar[Source]
    size: ClassVar[int]  # of a batch

    def __init__(
        self,
        library: Library,
        desk: ReplyDesk,
        run: str,
        items: Sequence[Item],
        *,
        control: JobControl,
        progress: Progress,
        log: Path,
        stages: Sequence[float],
    ) -> None:
        """`stages` are how long the stages of a batch take, against each other."""
        self.library, self.desk, self.run, self.items = library, desk, run, items
        self.counts: Counter[str] = Counter()
        sizes = [len(items[start : start + self.size]) for start in range(0, len(items), self.size)]
        self._progress = OverallProgress(progress, [size * stage for size in sizes for stage in stages])
        self._control, self._log = control, log
        self._failed: Counter[str] = Counter()
        self._place = ""

    @abstractmethod
    def take(self, items: Sequence[Item]) -> bool:
        """Ask about a batch and `store` its proposals; return False once the user stops."""

    def grow(self) -> Grown:
        """Take all batches, until the user stops."""
        finished = True
        for start in range(0, len(self.items), self.size):
            self._place = batch_of(start, self.size, len(self.items))
            if not (finished := self.take(self.items[start : start + self.size])):
                break
        return Grown(
            source=self.source,
            given=len(self.items),
            proposed=self.counts["proposed"],
            new=self.counts["new"],
            confirmed=self.counts["confirmed"],
            unconfirmed=self.counts["unconfirmed"],
            unread=self.counts["unread"],
            repeated=self.counts["repeated"],
            failed=dict(self._failed),
            finished=finished,
            run=self.run,
        )

    def ask(self, wordings: Mapping[str, Wording], *, stage: str) -> Replies:
        """Put these to the teacher, which is one stage of a batch, and count what could not be asked."""
        replies = self.desk.ask(
            wordings,
            stage=stage + self._place,
            progress=self._progress,
            control=self._control,
            log=self._log,
        )
        self._failed.update(replies.failed.values())
        if replies.finished:
            self._progress.finish()
        return replies

    def store(self, proposals: Sequence[Proposal]) -> None:
        """Store the proposals of a batch, and count them."""
        self.counts["new"] += add_proposals(self.library, self.run, proposals)
        self.counts["proposed"] += len(proposals)
        self.counts["confirmed"] += sum(one.confirmed is True for one in proposals)
        self.counts["unconfirmed"] += sum(one.confirmed is False for one in proposals)


def batch_of(start: int, size: int, total: int) -> str:
    """Return which batch of a longer run begins at `start`, to end a stage's name: ", batch 2 of 5"."""
    return f", batch {start // size + 1:,} of {-(-total // size):,}" if total > size else ""
