"""What a student lost, measured with a tiny real model: cached, resumed, stored with the evaluation."""

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from doubles import SHORT, open_small, small_tasks
from tiny_adapters import make_adapter

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library import general_probe
from orca_desk.library.database import Library
from orca_desk.library.general_probe import neutral_prompts, probe_questions
from orca_desk.library.runs import get_run, list_runs
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate import forgetting
from orca_desk.steps.evaluate.evaluation import System, evaluate
from orca_desk.steps.evaluate.forgetting import (
    forgetting_of,
    forgetting_report,
    is_correct,
    measure_forgetting,
    report_json,
)
from orca_desk.student.export import export_adapter
from orca_desk.ui.words.forgetting import report_lines

TASKS = [task for task in small_tasks(15) if task.split == "heldout"][:3]
QUESTIONS = probe_questions()[::10]  # every kind, quickly
STAGES = ["general questions: base", "general questions: student", "comparing distributions"]


@pytest.fixture(autouse=True)
def small_probe(monkeypatch):
    monkeypatch.setattr(forgetting, "probe_questions", lambda: QUESTIONS)
    monkeypatch.setattr(forgetting, "neutral_prompts", lambda: neutral_prompts()[:3])
    monkeypatch.setattr(forgetting, "ANSWER_TOKENS", 12)


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture(scope="session")
def adapter(tiny_qwen, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forgetting")
    made = make_adapter(folder / "adapter", tiny_qwen.folder, strength=1.0)
    export_adapter(made, tiny_qwen.folder, folder / "adapter.gguf")
    return folder / "adapter.gguf"


@pytest.fixture
def student(tiny_qwen, adapter):
    return Runner(model=tiny_qwen.gguf, adapter=adapter, threads=1, context=512)


class Watch:
    """Notes the stages that do something, and stops the job in one of them."""

    def __init__(self, stop_in: str = "") -> None:
        self.control, self.stop_in = JobControl(), stop_in
        self.asked: dict[str, float] = {}
        self._first: dict[str, float] = {}

    def __call__(self, update: Update) -> None:
        first = self._first.setdefault(update.stage, update.done)
        self.asked[update.stage] = update.done - first
        if update.stage == self.stop_in and self.asked[update.stage]:
            self.control.stop()


def test_an_evaluation_of_a_student_reports_what_it_lost(library, student):
    found = evaluate(library, student, TASKS, sampling=SHORT, forgetting=True)
    assert found.finished
    lost = forgetting_of(library, found.run)
    assert lost is not None
    assert (lost.overall.n, lost.unasked, lost.divergence.prompts) == (len(QUESTIONS), 0, 3)
    assert lost.divergence.nats.value > 0  # the adapter is random and strong
    assert lost.base_tokens > 0
    assert lost.system != ""  # as the evaluation: the cautious message
    run = get_run(library, found.run)
    assert (run.status, run.done, run.unit) == ("done", 3, "answers")


def test_a_model_without_an_adapter_has_lost_nothing(library, student):
    base = Runner(model=student.model, threads=1, context=512)
    found = evaluate(library, base, TASKS, sampling=SHORT, forgetting=True)
    assert forgetting_report(library, found.run) is None


def test_the_base_is_asked_once_and_the_same_student_not_again(library, student, tiny_qwen, tmp_path):
    first = Watch()
    measured = measure_forgetting(library, student, system="", progress=first)
    assert list(first.asked) == STAGES
    assert all(first.asked.values())
    again = Watch()
    assert measure_forgetting(library, student, system="", progress=again) == measured
    assert not any(again.asked.values())
    other = make_adapter(tmp_path / "other", tiny_qwen.folder, strength=0.3, seed=1)
    export_adapter(other, tiny_qwen.folder, tmp_path / "other.gguf")
    watch = Watch()
    runner = Runner(model=student.model, adapter=tmp_path / "other.gguf", threads=1, context=512)
    assert measure_forgetting(library, runner, system="", progress=watch) is not None
    assert watch.asked[STAGES[0]] == 0
    assert watch.asked[STAGES[1]] == len(QUESTIONS)


def test_a_stop_is_resumed_with_what_is_missing(library, student):
    asked = partial(evaluate, library, student, TASKS, system=System(kind="strategy"), sampling=SHORT)
    watch = Watch(stop_in=STAGES[1])
    stopped = asked(forgetting=True, progress=watch, control=watch.control)
    assert (stopped.finished, get_run(library, stopped.run).status) == (False, "cancelled")
    assert forgetting_of(library, stopped.run) is None
    rest = Watch()
    resumed = asked(forgetting=True, progress=rest)
    assert (resumed.run, rest.asked["evaluating"], rest.asked[STAGES[0]]) == (stopped.run, 0, 0)
    lost = forgetting_of(library, resumed.run)
    assert lost is not None
    assert (lost.overall.n, lost.divergence.prompts) == (len(QUESTIONS), 3)
    assert lost.system == ""  # a strategy's message suits no general question


def test_what_cannot_be_measured_is_told_and_the_evaluation_stays(library, student, monkeypatch):
    def refuse(*_arguments: object, **_named: object) -> None:
        raise UserError("The questions do not fit.", "")

    monkeypatch.setattr(forgetting, "measure_forgetting", refuse)
    found = evaluate(library, student, TASKS, sampling=SHORT, forgetting=True)
    assert found.finished
    report = forgetting_report(library, found.run)
    assert report is not None
    assert report_lines(report) == ["What it lost was not measured. The questions do not fit."]
    assert report_json(report) == {"reason": "The questions do not fit."}


def test_only_an_adapter_has_a_base(library, student):
    with pytest.raises(UserError, match="adapter"):
        measure_forgetting(library, Runner(model=student.model), system="")


def test_the_command_reports_it(library, student):
    folder = str(library.folder)
    library.close()
    words = ["evaluate", "--model", str(student.model), "--adapter", str(student.adapter),
             "--limit", "2", "--max-tokens", "12", "--library", folder]  # fmt: skip
    read = json.loads(CliRunner().invoke(commands, [*words, "--json"]).stdout)
    assert read["forgetting"]["overall"]["n"] == len(QUESTIONS)
    assert "divergence" in read["forgetting"]["large"]  # the adapter is random and strong
    left_out = json.loads(CliRunner().invoke(commands, [*words, "--json", "--no-forgetting"]).stdout)
    assert left_out["forgetting"] is None


def test_what_was_left_out_is_measured_by_a_command(library, student):
    tuned = evaluate(library, student, TASKS, sampling=SHORT).run
    base = evaluate(library, Runner(model=student.model, threads=1, context=512), TASKS, sampling=SHORT).run
    folder = str(library.folder)
    library.close()
    words = ["evaluate", "forgetting", tuned, "--library", folder]
    shown = CliRunner().invoke(commands, words)
    assert shown.exit_code == 0, shown.output
    assert "Divergence from the base" in shown.output
    read = json.loads(CliRunner().invoke(commands, [*words, "--json"]).stdout)
    assert read["divergence"]["prompts"] == 3
    refused = CliRunner().invoke(commands, ["evaluate", "forgetting", base, "--library", folder])
    assert isinstance(refused.exception, UserError)
    assert "without an adapter" in refused.exception.message
    with Library.open(Path(folder)) as again:
        (run,) = list_runs(again, kind="forgetting")
        assert run.status == "done"


def test_another_correct_answer_is_correct():
    question = next(one for one in general_probe.probe_questions() if one.also)
    assert is_correct(question, question.also[0])
    assert not is_correct(question, "no idea")
