"""Has the teacher ask questions about documents, and answer them again with and without the passage."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from orca_desk.library.database import Library
from orca_desk.library.proposals import StoredReply
from orca_desk.library.tasks import tasks_asking
from orca_desk.method.passage_questions import (
    CHECK_SAMPLING,
    CHECK_SYSTEM,
    WRITE_SYSTEM,
    is_confirmed,
    read_questions,
    write_request,
)
from orca_desk.method.passages import LEAST_WORDS, MOST_WORDS
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.grow.batches import GrowingBatches
from orca_desk.steps.grow.grown import Grown
from orca_desk.steps.grow.reading import SourcePassage, read_passages
from orca_desk.steps.grow.replies import ReplyDesk, Wording
from orca_desk.steps.grow.teacher_request import TeacherRequest
from orca_desk.steps.recorder import find_or_create_run, record_run

KIND = "grow-documents"
STAGES = (2, 1, 1)  # writing the questions of a passage, answering each with it, and without
BATCH = 48  # passages of which the proposals are there before the next ones are asked about
WRITE_SAMPLING = Sampling(temperature=0.7, max_tokens=512)


@dataclass(frozen=True, kw_only=True)
class DocumentsRequest(TeacherRequest):
    """Which documents, which teacher, how many questions per passage.

    `heldout` is the percentage of the passages whose questions are held out: all of a passage on one side.
    `with_passage` keeps the passage as the task's context. A `limit` of 0 takes all passages, another number
    so many, spread over all documents.
    """

    kind: ClassVar[str] = KIND
    places: tuple[str, ...]
    family: str
    questions: int = 2
    most_words: int = MOST_WORDS
    limit: int = 0
    heldout: float = 0.0
    with_passage: bool = True
    sampling: Sampling = field(default_factory=lambda: WRITE_SAMPLING)

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """See StoredRequest."""
        return {**super().values_of(stored), "places": tuple(stored["places"])}

    def grow(
        self, library: Library, *, progress: Progress = silent, control: JobControl | None = None
    ) -> Grown:
        """Propose tasks. Raises UserError without a passage, and as the worker does."""
        control = control or JobControl()
        found = read_passages(
            [Path(place) for place in self.places],
            most_words=self.most_words,
            least_words=min(LEAST_WORDS, self.most_words),
            progress=progress,
            control=control,
        )
        refused = {str(path): reason for path, reason in found.refused.items()}
        if not found.finished:
            return Grown(source="documents", given=0, refused=refused, finished=False)
        passages = _spread(_distinct(found.passages), self.limit)
        with KeptWorker() as keep:
            desk = ReplyDesk(library, self.runner, keep)
            settings = {
                **desk.settings,
                "passages": digest([one.passage.text for one in passages]),
                "family": self.family,
                "questions": self.questions,
                "heldout": self.heldout,
                "with_passage": self.with_passage,
                "sampling": asdict(self.sampling),
            }
            run = find_or_create_run(library, KIND, settings, self.to_json())
            with record_run(library, run, progress=progress) as recorder:
                work = _Questions(
                    self,
                    library,
                    desk,
                    run,
                    passages,
                    control=control,
                    progress=recorder.report,
                    log=recorder.log,
                )
                grown = replace(work.grow(), refused=refused)
                recorder.outcome, recorder.finished = grown.to_json(), grown.finished
        return grown


def _distinct(passages: Sequence[SourcePassage]) -> list[SourcePassage]:
    return list({one.passage.text: one for one in reversed(passages)}.values())[::-1]


def _spread(passages: list[SourcePassage], limit: int) -> list[SourcePassage]:
    """Return `limit` of the passages at equal distances; all for 0."""
    if not limit or limit >= len(passages):
        return passages
    return [passages[place * len(passages) // limit] for place in range(limit)]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A question that the teacher wrote, as a task with the passage, and where it is from."""

    source: SourcePassage
    task: Task

    @property
    def alone(self) -> Task:
        """The question without the passage."""
        return Task(family=self.task.family, query=self.task.query, answer=self.task.answer)


class _Questions(GrowingBatches[SourcePassage]):
    """A run in progress."""

    source, size = "documents", BATCH

    def __init__(self, request: DocumentsRequest, *given: Any, **how: Any) -> None:
        super().__init__(*given, stages=STAGES, **how)
        self.request = request
        self._held = self._held_out()
        self._seen: set[str] = set()

    def take(self, passages: Sequence[SourcePassage]) -> bool:
        """See `GrowingBatches`."""
        written = self.ask(
            {
                _key(one): Wording(
                    system=WRITE_SYSTEM,
                    user=write_request(one.passage.text, one.passage.heading, self.request.questions),
                    sampling=self.request.sampling,
                )
                for one in passages
            },
            stage="writing questions",
        )
        if not written.finished:
            return False
        asked = self._distinct(self._read(passages, written.found))
        with_passage = self.ask(
            {one.task.id: _check(one.task.context, one.task.query) for one in asked},
            stage="answering with the passage",
        )
        if not with_passage.finished:
            return False
        without = self.ask(
            {one.task.id: _check("", one.task.query) for one in asked}, stage="answering without the passage"
        )
        if not without.finished:
            return False
        self.store([self._proposal(one, with_passage.found, without.found) for one in asked])
        return True

    def _read(self, passages: Sequence[SourcePassage], replies: Mapping[str, StoredReply]) -> list[_Asked]:
        asked: list[_Asked] = []
        for one in passages:
            reply = replies.get(_key(one))
            if reply is None:
                continue
            found = read_questions(reply.reply, reply.finish_reason)
            self.counts["unread"] += found.unusable or (not found.pairs)
            asked += [
                _Asked(
                    source=one,
                    task=Task(
                        family=self.request.family,
                        query=pair.question,
                        context=one.passage.text,
                        answer=pair.answer,
                        tags=("grown",),
                        split="heldout" if _key(one) in self._held else "train",
                    ),
                )
                for pair in found.pairs[: self.request.questions]
            ]
        return asked

    def _distinct(self, asked: list[_Asked]) -> list[_Asked]:
        """Return the questions that neither the run nor the library has; count the others."""
        known = tasks_asking(self.library, [self._final(one).user_text for one in asked])
        kept: list[_Asked] = []
        for one in asked:
            text = self._final(one).user_text
            if text in known or text in self._seen:
                self.counts["repeated"] += 1
            else:
                kept.append(one)
            self._seen.add(text)
        return kept

    def _final(self, one: _Asked) -> Task:
        """Return the task as it would enter the library."""
        return one.task if self.request.with_passage else replace(one.task, context="", id="")

    def _proposal(
        self, one: _Asked, with_passage: Mapping[str, StoredReply], without: Mapping[str, StoredReply]
    ) -> Proposal:
        checks = {
            "with_passage": _is_right(one.task, with_passage.get(one.task.id)),
            "without_passage": _is_right(one.alone, without.get(one.task.id)),
        }
        passage = one.source.passage
        return Proposal(
            task=self._final(one),
            ancestry={
                "kind": "document",
                "document": str(one.source.document.absolute()),
                "heading": passage.heading,
                "page": passage.page,
                "passage": passage.text,
                "teacher": self.desk.sha256,
            },
            checks=checks,
            confirmed=is_confirmed(checks),
        )

    def _held_out(self) -> set[str]:
        """Return the keys of the passages to hold out: the nearest whole number, always the same ones."""
        keys = sorted(map(_key, self.items))
        return set(keys[: round(len(keys) * self.request.heldout / 100)])


def _key(one: SourcePassage) -> str:
    return digest(one.passage.text)


def _check(context: str, question: str) -> Wording:
    user = f"{context}\n\n{question}" if context else question
    return Wording(system=CHECK_SYSTEM, user=user, sampling=CHECK_SAMPLING)


def _is_right(task: Task, reply: StoredReply | None) -> bool | None:
    """Return whether a reply gives the task's answer; None if there is none."""
    if reply is None:
        return None
    verdict = grade_answer(task, reply.reply)
    return bool(verdict and verdict.correct)
