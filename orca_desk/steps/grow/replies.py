"""Puts what growing asks to the teacher; every reply is stored, so that none is asked for twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.proposals import StoredReply, add_replies, find_replies
from orca_desk.method.records import Sampling, record_identity
from orca_desk.processes.asking import Answer, AskOutcome, Prompt, Runner, ask
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.teaching import Teacher
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What the teacher is asked, for the `sample`th time (from 0)."""

    system: str
    user: str
    sampling: Sampling
    sample: int = 0


@dataclass(frozen=True, kw_only=True)
class Replies:
    """The replies by the key of what was asked, and why there is none, by key.

    `finished` is False when the job was stopped: what was not asked then is in neither.
    """

    found: dict[str, StoredReply] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    finished: bool = True


class ReplyDesk:
    """A teacher that keeps its model loaded between the stages of growing, as long as `keep` is open."""

    def __init__(self, library: Library, runner: Runner, keep: KeptWorker) -> None:
        """Identify the model. Raises UserError when it cannot be used."""
        self._library = library
        self._teacher = Teacher.of(library, runner)
        self._keep = keep

    @property
    def sha256(self) -> str:
        """The hash of the teacher's file."""
        return self._teacher.sha256

    @property
    def settings(self) -> dict[str, str]:
        """What identifies the teacher in the settings of a run."""
        return {"teacher": self._teacher.sha256, **self._teacher.template}

    def ask(
        self,
        wordings: Mapping[str, Wording],
        *,
        stage: str,
        progress: Progress,
        control: JobControl,
        log: Path | None = None,
    ) -> Replies:
        """Return a reply to each wording, by its key; after a stop, the same call asks what is missing."""
        ids = {key: self._identity(one) for key, one in wordings.items()}
        known = find_replies(self._library, set(ids.values()))
        missing = {ids[key]: one for key, one in wordings.items() if ids[key] not in known}
        failed: dict[str, str] = {}

        def receive(outcomes: list[AskOutcome]) -> None:
            answers = [one for one in outcomes if isinstance(one, Answer)]
            add_replies(self._library, [self._stored(one, missing[one.key]) for one in answers])
            failed.update({one.key: one.reason for one in outcomes if not isinstance(one, Answer)})

        finished = ask(
            "teach",
            self._teacher.runner,
            [
                Prompt(key=key, system=one.system, user=one.user, sampling=_varied(one))
                for key, one in yielding(missing.items())
            ],
            on_outcomes=receive,
            stage=stage,
            progress=progress,
            control=control,
            log=log,
            already=len(set(ids.values())) - len(missing),
            keep=self._keep,
        )
        found = find_replies(self._library, set(ids.values()))
        return Replies(
            found={key: found[each] for key, each in ids.items() if each in found},
            failed={key: failed[each] for key, each in ids.items() if each in failed},
            finished=finished,
        )

    def _identity(self, one: Wording) -> str:
        return record_identity(
            system=one.system,
            user=one.user,
            sample=one.sample,
            sampling=one.sampling,
            model_sha256=self._teacher.sha256,
            template_sha256=self._teacher.template_sha256,
        )

    def _stored(self, answer: Answer, asked: Wording) -> StoredReply:
        return StoredReply(
            id=answer.key,
            model_sha256=self._teacher.sha256,
            system=asked.system,
            user=asked.user,
            reply=answer.text,
            finish_reason=answer.finish_reason,
        )


def _varied(one: Wording) -> Sampling:
    """Return the sampling of this sample: sample k adds k to the seed."""
    return replace(one.sampling, seed=one.sampling.seed + one.sample)
