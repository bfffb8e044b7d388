"""Measure the untrained student on the training tasks: which it solves always, sometimes or never."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.inventory.student_files import converted_gguf, known_student_gguf, served_file
from orca_desk.inventory.templates import with_template
from orca_desk.library.base_answers import (
    BaseAnswer,
    add_base_answers,
    known_samples,
    measured_bases,
    solve_rates,
)
from orca_desk.library.database import Library
from orca_desk.library.samples import own_families
from orca_desk.library.tasks import TaskFilter, count_tasks, iterate_tasks
from orca_desk.library.tasks import families as list_families
from orca_desk.method.records import Task, digest, question_key
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.models.pace import TimeRange, answering_time
from orca_desk.processes.asking import Answer, AskOutcome, Prompt, Runner, ask
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.recorder import find_or_create_run, record_run
from orca_desk.steps.train.base_request import KIND, BaseMeasured, BaseRequest
from orca_desk.yielding import yielding

STAGE = "measuring the student"
PROMPT_TOKENS = 120  # of a question with the system message
SHORTEST = 10  # tokens of an answer


def measured_tasks(library: Library, request: BaseRequest) -> list[Task]:
    """Return the training tasks with a reference answer that a request asks, one of each question.

    Without families these are the user's own (`own_families`). Raises UserError for a family that has none.
    """
    found: dict[str, Task] = {}
    names = request.families or own_families(library) or [one.family for one in list_families(library)]
    for family in names:
        wanted = TaskFilter(family=family, split="train", has_answer=True, limit=request.per_family or None)
        if request.families and not count_tasks(library, wanted):
            raise UserError(
                f"No training task of a family named {family} has a reference answer.",
                "See: orca-desk tasks families",
            )
        for task in iterate_tasks(library, wanted):
            found.setdefault(question_key(task.conversation), task)
    return list(found.values())


def measuring_time(request: BaseRequest, tasks: int) -> TimeRange:
    """Estimate how long a student takes to answer `tasks` tasks, from the speed of this machine.

    Answers have up to the tokens that are allowed. Raises UserError when the model cannot be read.
    """
    model = identify(Path(request.model))
    answers = tasks * request.samples
    shortest = answering_time(model, answers * (PROMPT_TOKENS + SHORTEST))
    longest = answering_time(model, answers * (PROMPT_TOKENS + request.sampling.max_tokens))
    return TimeRange(low=shortest.low, high=longest.high)


def measure_base(
    library: Library,
    request: BaseRequest,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> BaseMeasured:
    """Have the student answer training tasks several times, before any training, and grade the answers.

    Every answer is stored as it arrives: the same call resumes, and asks nothing twice. Raises UserError when
    there are no such tasks, and when the model cannot be used.
    """
    control = control or JobControl()
    if request.samples > 1 and not request.sampling.temperature:
        raise UserError(
            "At temperature 0 a student gives the same answer every time.",
            "Ask once, or choose a temperature above 0.",
        )
    tasks = measured_tasks(library, request)
    if not tasks:
        raise UserError(
            "No training task has a reference answer, so the student cannot be measured.",
            "Import tasks with reference answers.",
        )
    settings = {**request.to_json(), "model": str(Path(request.model).resolve())}
    settings["tasks"] = digest(sorted(question_key(task.conversation) for task in tasks))
    run = find_or_create_run(library, KIND, settings, request.to_json())
    with record_run(library, run, progress=progress) as recorder:
        model = served_file(
            library, Path(request.model), progress=recorder.report, control=control, log=recorder.log
        )
        if model is None:
            return BaseMeasured(
                run=run, base="", tasks=len(tasks), answers=0, correct=0, always=0, never=0, failed={},
                finished=False,
            )  # fmt: skip
        recorder.unit = "answers"
        work = _Measuring(library, request, run, _runner(library, request, model), tasks)
        recorder.finished = ask(
            "evaluate",
            work.runner,
            work.prompts(),
            on_outcomes=work.receive,
            stage=STAGE,
            progress=recorder.report,
            control=control,
            log=recorder.log,
            already=len(work.known),
        )
        found = work.outcome(finished=recorder.finished)
        recorder.outcome = found.to_json()
        return found


def _runner(library: Library, request: BaseRequest, model: Path) -> Runner:
    runner = Runner(
        model=model,
        batch=request.batch or None,
        context=request.context or None,
        threads=request.threads or None,
    )
    return with_template(library, runner)


class _Measuring:
    """Asks what is not known yet, and stores each answer with its verdict."""

    def __init__(
        self, library: Library, request: BaseRequest, run: str, runner: Runner, tasks: Sequence[Task]
    ) -> None:
        self.runner, self._library, self._request, self._run = runner, library, request, run
        file = identify(runner.model)
        self.base = HashCache(library.folder).sha256_of(file.files)
        template = file.chat_template if runner.template is None else runner.template
        self._asked = digest(
            [asdict(request.sampling), hashlib.sha256((template or "").encode()).hexdigest()]
        )
        self._tasks = {question_key(task.conversation): task for task in tasks}
        self._failed: dict[str, int] = {}
        self._stored = known_samples(library, model=self.base, system=request.instruction, asked=self._asked)
        self.known = {
            (key, sample) for key, sample in self._stored if key in self._tasks and sample < request.samples
        }

    def prompts(self) -> list[Prompt]:
        """Return what is still to be asked: sample k of a task adds k to the seed."""
        sampling, seed = self._request.sampling, self._request.sampling.seed
        return [
            Prompt(
                key=f"{key} {sample}",
                system=self._request.instruction,
                user=task.user_text,
                turns=task.turns,
                sampling=replace(sampling, seed=seed + sample),
            )
            for key, task in self._tasks.items()
            for sample in range(self._request.samples)
            if (key, sample) not in self.known
        ]

    def receive(self, outcomes: list[AskOutcome]) -> None:
        """Grade and store answers; count what failed."""
        graded = []
        for outcome in yielding(outcomes):
            key, sample = outcome.key.split(" ")
            verdict = None
            if isinstance(outcome, Answer):
                verdict = grade_answer(self._tasks[key], outcome.text)
            if not isinstance(outcome, Answer) or verdict is None:
                reason = "not graded" if isinstance(outcome, Answer) else outcome.reason
                self._failed[reason] = self._failed.get(reason, 0) + 1
                continue
            graded.append(
                BaseAnswer(
                    question=key,
                    sample=int(sample),
                    response=outcome.text,
                    correct=verdict.correct,
                    completion_tokens=outcome.completion_tokens,
                    finish_reason=outcome.finish_reason,
                )
            )
        add_base_answers(
            self._library,
            graded,
            model=self.base,
            system=self._request.instruction,
            asked=self._asked,
            run=self._run,
        )

    def outcome(self, *, finished: bool) -> BaseMeasured:
        """Return how the student did on the tasks that were asked."""
        rates = solve_rates(
            self._library, model=self.base, system=self._request.instruction, asked=self._asked
        )
        found = [rates[key] for key in self._tasks if key in rates]
        return BaseMeasured(
            run=self._run,
            base=self.base,
            tasks=len(found),
            answers=sum(rate.n for rate in found),
            correct=sum(rate.correct for rate in found),
            always=sum(rate.correct == rate.n for rate in found),
            never=sum(rate.correct == 0 for rate in found),
            failed=self._failed,
            finished=finished,
        )


def base_named(library: Library, text: str, system: str) -> str:
    """Return the SHA-256 of the measured student that `text` means: its folder or file, or a beginning of it.

    Raises UserError when no student that fits was measured under the message `system`.
    """
    known = [one.model for one in measured_bases(library, system)]
    path = Path(text)
    if path.exists():
        served = (
            path if path.is_file() else known_student_gguf(library, path) or converted_gguf(library, path)
        )
        wanted = HashCache(library.folder).sha256_of(identify(served).files) if served else ""
    else:
        wanted = text
    fitting = [model for model in known if wanted and model.startswith(wanted)]
    if len(fitting) != 1:
        raise UserError(
            f"{text} was not measured on the training tasks under this system message."
            if not fitting
            else f"Several measured students begin with {text}.",
            "Measure it first: orca-desk records measure-base STUDENT" if not fitting else "Type more of it.",
        )
    return fitting[0]
