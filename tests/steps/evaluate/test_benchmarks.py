"""Standard benchmarks: which tasks a folder has, what lm-eval reports, and a real run beside the base."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from doubles import open_small
from tiny_adapters import make_adapter

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.runs import list_runs
from orca_desk.method.forgetting import Estimate
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl
from orca_desk.steps.evaluate import benchmarks
from orca_desk.steps.evaluate.benchmark_files import benchmark_tasks, check_tasks
from orca_desk.steps.evaluate.benchmarks import (
    BenchmarkRequest,
    BenchmarkResult,
    BenchmarkScore,
    benchmark_from_json,
    benchmarks_of,
    run_benchmark,
)
from orca_desk.steps.evaluate.lm_eval import read_scores
from orca_desk.student.export import export_adapter
from orca_desk.ui.words.benchmarks import benchmark_notes
from orca_desk.ui.words.outcomes import outcome_text

TASKS = Path(__file__).parents[2] / "serving" / "tasks"
RESULT = BenchmarkResult(
    scores=(
        BenchmarkScore(
            task="arc", metric="acc", n=100, value=0.5, error=0.05, base=0.4,
            difference=Estimate(value=0.1, low=0.01, high=0.19),
        ),
        BenchmarkScore(task="group", metric="acc", n=0, value=0.5, error=None),
    ),
    lm_eval="0.4.13",
    limit=10,
    chat=False,
)  # fmt: skip


def test_the_tasks_of_a_folder_are_those_that_its_files_name(tmp_path):
    (tmp_path / "a.yaml").write_text("task: one  # the first\ndataset_path: json\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yml").write_text('group: "all"\ntask:\n  - one\n  - two\n')
    (tmp_path / "no.txt").write_text("task: three\n")
    (tmp_path / "odd.yaml").write_bytes(b"task: \xff\n")
    found = benchmark_tasks(tmp_path)
    assert (found.names, found.runs_code) == (("one", "all"), False)


@pytest.mark.parametrize("line", ["doc_to_text: !function utils.text", "class: !function x.Y", "class: mine"])
def test_python_of_the_folder_is_run_only_when_allowed(tmp_path, line):
    (tmp_path / "a.yaml").write_text("include: base\ntask: one\n")
    (tmp_path / "base").with_suffix(".yaml").write_text(f"{line}\n")
    known = benchmark_tasks(tmp_path)
    with pytest.raises(UserError, match="run Python code"):
        check_tasks(known, ("one",), allow_code=False)
    check_tasks(known, ("one",), allow_code=True)


def test_what_cannot_be_run_is_told(tmp_path):
    with pytest.raises(UserError, match="contains no lm-eval task"):
        benchmark_tasks(tmp_path)
    with pytest.raises(UserError, match="not a folder"):
        benchmark_tasks(tmp_path / "missing")
    known = benchmark_tasks(TASKS)
    with pytest.raises(UserError, match="has no task nothing"):
        check_tasks(known, ("nothing",), allow_code=False)
    with pytest.raises(UserError, match="No task is selected"):
        check_tasks(known, (), allow_code=False)


def test_without_lm_eval_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks, "lm_eval_problem", lambda: "lm-eval is not installed. Install it: ...")
    request = BenchmarkRequest(model=tmp_path, adapter=None, folder=TASKS, tasks=("orca_words",))
    with open_small(tmp_path / "library") as library, pytest.raises(UserError, match="Install it"):
        run_benchmark(library, request)


def test_a_result_goes_through_the_run_and_is_told():
    assert benchmark_from_json(RESULT.to_json()) == RESULT
    assert benchmark_from_json("done") is None
    told = outcome_text(RESULT.to_json())
    assert told == "lm-eval 0.4.13 on 2 tasks: arc acc 0.500 ± 0.050 (base 0.400); group acc 0.500."
    assert any("not comparable with published" in line for line in benchmark_notes(RESULT))


def test_a_request_goes_through_json(tmp_path):
    request = BenchmarkRequest(model=tmp_path / "m", adapter=tmp_path / "a", folder=TASKS, tasks=("x", "y"))
    assert BenchmarkRequest.from_json(json.loads(json.dumps(request.to_json()))) == request
    alone = replace(request, adapter=None)
    assert BenchmarkRequest.from_json(alone.to_json()) == alone


def test_scores_are_read_with_every_metric_and_the_values_of_documents(tmp_path):
    folder = tmp_path / "results" / "model"
    folder.mkdir(parents=True)
    values = {
        "alias": "arc",
        "acc,none": 0.5,
        "acc_stderr,none": 0.1,
        "match,strict": 1,
        "match_stderr,strict": "N/A",
    }
    report = {"results": {"arc": values}, "n-samples": {"arc": {"original": 9, "effective": 2}}}
    (folder / "results_2026.json").write_text(json.dumps(report))
    rows = [
        {"doc_id": 0, "filter": "none", "metrics": ["acc"], "acc": 1.0},
        {"doc_id": 1, "filter": "none", "metrics": ["acc"], "acc": 0.0},
    ]
    (folder / "samples_arc_2026.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = read_scores(tmp_path)
    assert sorted(found) == [("arc", "acc"), ("arc", "match, strict")]
    assert (found["arc", "acc"].error, found["arc", "acc"].n) == (0.1, 2)
    assert found["arc", "acc"].values == {"0": 1.0, "1": 0.0}
    assert (found["arc", "match, strict"].error, found["arc", "match, strict"].values) == (None, {})
    with pytest.raises(UserError, match="no results"):
        read_scores(tmp_path / "elsewhere")


def test_the_command_lists_tasks(tmp_path, tiny_llama):
    words = ["evaluate", "benchmark", "--model", str(tiny_llama.gguf), "--tasks", str(TASKS), "--list"]
    read = json.loads(CliRunner().invoke(commands, [*words, "--json"]).output)
    assert read == {"tasks": ["orca_answers", "orca_choices", "orca_words"], "runs_code": False}


@pytest.mark.slow
def test_a_student_and_its_base_are_asked_the_same_and_compared(tmp_path, tiny_llama):
    pytest.importorskip("lm_eval")
    made = make_adapter(tmp_path / "adapter", tiny_llama.folder, strength=1.0)
    export_adapter(made, tiny_llama.folder, tmp_path / "adapter.gguf")
    runner = Runner(model=tiny_llama.gguf, adapter=tmp_path / "adapter.gguf", threads=1, context=512)
    assert runner.adapter is not None
    request = BenchmarkRequest(
        model=runner.model, adapter=runner.adapter, folder=TASKS, tasks=("orca_choices", "orca_words")
    )
    with open_small(tmp_path / "library") as library:
        stopped = JobControl()
        seen: list[float] = []

        def stop_at_the_base(update: object) -> None:
            if getattr(update, "stage", "") == "benchmark: base":
                stopped.stop()

        assert (
            run_benchmark(library, request, runner=runner, progress=stop_at_the_base, control=stopped) is None
        )
        (run,) = list_runs(library, kind="benchmark")
        assert run.status == "cancelled"
        found = run_benchmark(
            library,
            request,
            runner=runner,
            progress=lambda update: seen.append(update.stage == "benchmark: student"),
        )
        assert found is not None
        assert found[0] == run.id
        assert not any(seen)  # the student had been asked
        (stored,) = benchmarks_of(library, model=run.settings["model"], adapter=run.settings["adapter"])
        assert stored.result == found[1]
    scores = {(one.task, one.metric): one for one in found[1].scores}
    choices = scores["orca_choices", "acc"]
    assert choices.n == 4
    assert choices.base is not None and choices.difference is not None
    assert choices.difference.value == pytest.approx(choices.value - choices.base)
