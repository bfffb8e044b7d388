"""Have a judge model say which answers are correct; every reply is stored, so none is asked for twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.judgements import Judgement, add_judgements, find_judgements
from orca_desk.method.judging import JUDGE_SAMPLING, judge_question
from orca_desk.method.records import record_identity
from orca_desk.processes.asking import Answer, AskOutcome, Prompt, Runner, ask
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.teaching import Teacher

STAGE = "asking the judge"


@dataclass(frozen=True, kw_only=True)
class JudgedAnswers:
    """The verdicts, in the order of what was judged; None where the judge's reply gives no verdict.

    `unasked` counts the answers that were too long to ask about, which also have none. `finished` is False
    when the job was stopped: answers that were not judged then have no verdict either.
    """

    verdicts: tuple[bool | None, ...]
    unasked: int
    finished: bool


class Judge:
    """A judge model with its prompt."""

    def __init__(self, library: Library, runner: Runner, prompt: str) -> None:
        """Identify the model. Raises UserError when it cannot be used."""
        self._library = library
        self._prompt = prompt
        self._model = Teacher.of(library, runner)
        self._unasked: set[str] = set()

    @property
    def sha256(self) -> str:
        """The hash of the judge's file."""
        return self._model.sha256

    def judge(
        self,
        answers: Sequence[tuple[str, str]],
        *,
        progress: Progress = silent,
        control: JobControl | None = None,
        log: Path | None = None,
    ) -> JudgedAnswers:
        """Judge (question, answer) pairs. After a stop, the same call asks only what is missing."""
        questions = [judge_question(question, answer) for question, answer in answers]
        ids = [self._identity(question) for question in questions]
        wanted = dict(zip(ids, questions, strict=True))
        known = find_judgements(self._library, wanted)
        missing = {key: text for key, text in wanted.items() if key not in known.keys() | self._unasked}

        def receive(outcomes: list[AskOutcome]) -> None:
            replies = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
            add_judgements(self._library, [self._judgement(reply, wanted[reply.key]) for reply in replies])
            self._unasked.update(one.key for one in outcomes if not isinstance(one, Answer))

        finished = ask(
            "teach",
            self._model.runner,
            [
                Prompt(key=key, system=self._prompt, user=text, sampling=JUDGE_SAMPLING)
                for key, text in missing.items()
            ],
            on_outcomes=receive,
            stage=STAGE,
            progress=progress,
            control=control or JobControl(),
            log=log,
            already=len(wanted) - len(missing),
        )
        found = find_judgements(self._library, wanted)
        return JudgedAnswers(
            verdicts=tuple(found[key].verdict if key in found else None for key in ids),
            unasked=sum(key in self._unasked for key in ids),
            finished=finished,
        )

    def _identity(self, question: str) -> str:
        return record_identity(
            system=self._prompt,
            user=question,
            sample=0,
            sampling=JUDGE_SAMPLING,
            model_sha256=self._model.sha256,
            template_sha256=self._model.template_sha256,
        )

    def _judgement(self, reply: Answer, question: str) -> Judgement:
        return Judgement(
            id=reply.key,
            model_sha256=self._model.sha256,
            prompt=self._prompt,
            question=question,
            reply=reply.text,
            finish_reason=reply.finish_reason,
        )
