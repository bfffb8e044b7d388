"""Standard benchmarks by `lm-eval`, from task files on this disk: a student beside its base.

Both are served on this machine, one after the other, and asked the same. lm-eval caches its answers in the
run's folder, so a run that was stopped asks only for what is missing. Results are stored with the run.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from orca_desk.errors import UserError, other_version
from orca_desk.inventory.templates import with_template
from orca_desk.library.database import Library
from orca_desk.library.runs import Run, list_runs
from orca_desk.method.forgetting import Estimate, ratio_of_sums
from orca_desk.method.records import digest
from orca_desk.method.statistics import compare
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.steps.evaluate.benchmark_files import benchmark_tasks, check_tasks, lm_eval_problem
from orca_desk.steps.evaluate.lm_eval import TaskScore, read_scores, run_lm_eval
from orca_desk.steps.evaluate.served_model import served_model
from orca_desk.steps.recorder import find_or_create_run, record_run

KIND = "benchmark"
FOLDER = "benchmarks"  # in the library's


@dataclass(frozen=True, kw_only=True)
class BenchmarkRequest:
    """What to run: `tasks` of the task files in `folder`, at most `limit` documents of each.

    `chat` asks through the chat template, where a task has answers to write; the usual way completes plain
    text. `with_base` also asks the model without its adapter. `allow_code` lets task files run their Python.
    """

    model: Path
    adapter: Path | None
    folder: Path
    tasks: tuple[str, ...]
    limit: int | None = None
    chat: bool = False
    with_base: bool = True
    allow_code: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        plain = asdict(self) | {"tasks": list(self.tasks), "folder": str(self.folder)}
        return plain | {"model": str(self.model), "adapter": str(self.adapter) if self.adapter else None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the request that `to_json` wrote."""
        adapter = values["adapter"]
        paths: dict[str, Path | None] = {name: Path(values[name]) for name in ("model", "folder")}
        paths |= {"adapter": Path(adapter) if adapter else None}
        return cls(**{**values, **paths, "tasks": tuple(values["tasks"])})


@dataclass(frozen=True, kw_only=True)
class BenchmarkScore:
    """One metric of a task on `n` documents: the model's value, and its base's with the paired difference.

    Errors are standard errors, as lm-eval gives them. `difference` is None where there is no base, or where
    the documents' values are not known, as of groups.
    """

    task: str
    metric: str
    n: int
    value: float
    error: float | None
    base: float | None = None
    difference: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """The scores of a run."""

    scores: tuple[BenchmarkScore, ...]
    lm_eval: str
    limit: int | None
    chat: bool

    def to_json(self) -> str:
        """Return the result as a run stores it."""
        return json.dumps({"benchmark": asdict(self)}, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class BenchmarkRun:
    """A finished run, the hashes of the model and the adapter that it asked, and its result."""

    run: Run
    model: str
    adapter: str | None
    result: BenchmarkResult


def benchmark_from_json(text: str) -> BenchmarkResult | None:
    """Return what `BenchmarkResult.to_json` wrote, or None for any other text."""
    try:
        values = json.loads(text)["benchmark"]
        scores = tuple(
            BenchmarkScore(**{**one, "difference": one["difference"] and Estimate(**one["difference"])})
            for one in values["scores"]
        )
        return BenchmarkResult(**{**values, "scores": scores})
    except (ValueError, KeyError, TypeError):
        return None


def run_benchmark(
    library: Library,
    request: BenchmarkRequest,
    *,
    runner: Runner | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> tuple[str, BenchmarkResult] | None:
    """Run lm-eval on a model and its base; return the run's id and the result, or None when stopped.

    The same call resumes a run that was stopped. Raises UserError where lm-eval is missing or fails, for a
    task that the folder lacks, and for task files with Python code unless that is allowed.
    """
    control = control or JobControl()
    if problem := lm_eval_problem():
        raise UserError(problem, "Everything else works without it.")
    check_tasks(benchmark_tasks(request.folder), request.tasks, allow_code=request.allow_code)
    student = with_template(library, runner or Runner(model=request.model, adapter=request.adapter))
    run = find_or_create_run(library, KIND, _settings(library, request, student), request.to_json())
    both = {"student": student}
    if request.with_base and student.adapter is not None:
        both["base"] = replace(student, adapter=None)
    with record_run(library, run, progress=progress) as recorder:
        found: dict[str, dict[tuple[str, str], TaskScore]] = {}
        for name, model in both.items():
            out = library.folder / FOLDER / run / name
            if not _ask(model, request, out, f"benchmark: {name}", recorder.report, control, recorder.log):
                return None
            found[name] = read_scores(out)
        result = BenchmarkResult(
            scores=_scores(found["student"], found.get("base", {})),
            lm_eval=version("lm_eval"),
            limit=request.limit,
            chat=request.chat,
        )
        recorder.outcome, recorder.finished = result.to_json(), True
    return run, result


def resumed_benchmark(run: Run) -> BenchmarkRequest:
    """Return what an unfinished run was asked for. Raises UserError where another version stored it."""
    try:
        return BenchmarkRequest.from_json(run.request or {})
    except (KeyError, TypeError, ValueError) as error:
        raise other_version("this benchmark", "Start it again.") from error


def benchmarks_of(library: Library, *, model: str | None, adapter: str | None) -> list[BenchmarkRun]:
    """Return the finished benchmarks of a model with an adapter, by their SHA-256, the newest first."""
    found = []
    for run in list_runs(library, kind=KIND):
        result = benchmark_from_json(run.outcome) if run.status == "done" else None
        same = (run.settings.get("model"), run.settings.get("adapter")) == (model, adapter)
        if result is not None and same:
            found.append(BenchmarkRun(run=run, model=str(model), adapter=adapter, result=result))
    return found


def _ask(
    model: Runner,
    request: BenchmarkRequest,
    out: Path,
    stage: str,
    progress: Progress,
    control: JobControl,
    log: Path,
) -> bool:
    """Serve one model and run lm-eval on it, unless an earlier attempt did; return False when stopped."""
    if any((out / "results").rglob("results_*.json")):
        return True
    progress(Update(stage=stage, unit="requests"))
    with served_model(model, control, log) as server:
        return server is not None and run_lm_eval(
            server,
            request.tasks,
            request.folder,
            out,
            limit=request.limit,
            chat=request.chat,
            control=control,
            on_answers=lambda done: progress(Update(stage=stage, done=done, unit="requests")),
            log=log,
        )


def _scores(
    student: Mapping[tuple[str, str], TaskScore], base: Mapping[tuple[str, str], TaskScore]
) -> tuple[BenchmarkScore, ...]:
    return tuple(
        BenchmarkScore(
            task=task,
            metric=metric,
            n=one.n,
            value=one.value,
            error=one.error,
            base=base[task, metric].value if (task, metric) in base else None,
            difference=_difference(one, base.get((task, metric))),
        )
        for (task, metric), one in student.items()
    )


def _difference(student: TaskScore, base: TaskScore | None) -> Estimate | None:
    """Return the mean difference over the documents that both have, with its 95% interval.

    By Newcombe's method where each is right or wrong (see `compare`), else by resampling the documents.
    """
    shared = [key for key in student.values if base is not None and key in base.values]
    if not shared or base is None:
        return None
    pairs = [(student.values[key], base.values[key]) for key in shared]
    if all(value in (0.0, 1.0) for pair in pairs for value in pair):
        found = compare([bool(one) for one, _ in pairs], [bool(other) for _, other in pairs])
        return Estimate(value=found.difference, low=found.low, high=found.high)
    return ratio_of_sums([(one - other, 1.0) for one, other in pairs])


def _settings(library: Library, request: BenchmarkRequest, runner: Runner) -> dict[str, Any]:
    """Return what makes a run this one."""
    hashes = HashCache(library.folder)
    files = [
        [str(path.relative_to(request.folder)), path.stat().st_size, path.stat().st_mtime_ns]
        for path in sorted(request.folder.rglob("*"))
        if path.is_file()
    ]
    return {
        "model": hashes.sha256_of(identify(runner.model).files),
        "adapter": hashes.sha256(runner.adapter) if runner.adapter else None,
        "tasks": list(request.tasks),
        "files": digest(files),
        "limit": request.limit,
        "chat": request.chat,
        "with_base": request.with_base,
        "lm_eval": version("lm_eval"),
    }
