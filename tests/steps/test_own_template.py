"""The user's chat template reaches whoever serves the model: teacher, evaluation, chat, preview."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import SHORT, open_small, small_tasks
from tiny_models import CHATML, TinyModel

from orca_desk.inventory.templates import override_of, set_override
from orca_desk.library.database import Library
from orca_desk.library.records import iterate_records
from orca_desk.library.runs import list_runs
from orca_desk.processes.asking import Runner
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.session import ChatSession
from orca_desk.steps.evaluate.evaluation import System, evaluate
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.instruct.prompt_preview import PromptViewer

OWN = "Rules hold.\n" + CHATML
HASHED = hashlib.sha256(OWN.encode()).hexdigest()
TASKS = small_tasks(2)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_small(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def model(tiny_llama: TinyModel) -> Runner:
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


def test_records_name_it(library: Library, model: Runner) -> None:
    first = generate(library, model, TASKS, sampling=SHORT)
    set_override(library, model.model, OWN)
    second = generate(library, model, TASKS, sampling=SHORT)
    assert (first.new, second.new) == (4, 4)
    templates = [one.record.provenance.template_sha256 for one in iterate_records(library)]
    assert templates.count(HASHED) == 4
    runs = {run.id: run.settings for run in list_runs(library)}
    assert "template" not in runs[first.run]
    assert runs[second.run]["template"] == HASHED
    assert generate(library, model, TASKS, sampling=SHORT).known == 4


def test_an_evaluation_is_another_one(library: Library, model: Runner) -> None:
    tasks = [replace(task, answer="Answer: 7") for task in TASKS]
    set_override(library, model.model, OWN)
    evaluate(library, model, tasks, system=System(), sampling=SHORT)
    (run,) = list_runs(library)
    assert run.settings["template"] == HASHED


def test_chat_and_preview_render_it(library: Library, model: Runner) -> None:
    messages = [Message("user", "Where is the ball?")]
    with ChatSession(model.model, threads=1) as session:
        "".join(session.send(messages, SHORT))
        plain = session.prompt_tokens
    set_override(library, model.model, OWN)
    with ChatSession(model.model, threads=1, template=lambda: override_of(library, model.model)) as session:
        "".join(session.send(messages, SHORT))
        assert session.prompt_tokens is not None
        assert plain is not None
        assert session.prompt_tokens > plain
    with PromptViewer() as viewer:
        shown = viewer.show(model.model, "Be brief.", "Hi", template=override_of(library, model.model))
        assert shown.parts[0].text.startswith("Rules hold.\n")
        assert not viewer.show(model.model, "Be brief.", "Hi").parts[0].text.startswith("Rules")
