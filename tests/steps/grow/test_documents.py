"""Growing tasks from documents: a double of a teacher whose replies are known, and a tiny real one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.proposals import accept, list_proposals
from orca_desk.library.runs import list_runs
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Answer, Failure, Prompt
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.grow import replies
from orca_desk.steps.grow.documents import DocumentsRequest
from orca_desk.steps.grow.grown import grown_from_json
from orca_desk.steps.grow.reading import read_passages

OWLS = (
    "Owls are birds of prey that hunt at night, and each of them eats about nine mice in one night of winter."
)
BATS = (
    "Bats are mammals that fly, and they find their way in the dark by the echo of the sounds that they make."
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "owls.md").write_text(f"# Owls\n\n{OWLS}")
    (folder / "bats.txt").write_text(f"{BATS}\n\nNo.")
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4 nothing")
    return folder


def request(folder: Path, model: Path, **more: Any) -> DocumentsRequest:
    return DocumentsRequest(places=(str(folder),), model=str(model), family="animals", most_words=20, **more)


class Teacher:
    """Writes two questions about owls, and one that nobody can read about bats."""

    def __init__(self) -> None:
        self.asked: list[Prompt] = []

    def __call__(self, worker: str, runner: object, prompts: Sequence[Prompt], **rest: Any) -> bool:
        self.asked += prompts
        made: list[Answer | Failure] = []
        for one in prompts:
            text = self.reply(one.user)
            made.append(
                Answer(
                    key=one.key,
                    text=text,
                    finish_reason="stop",
                    prompt_tokens=1,
                    completion_tokens=1,
                    seconds=0.1,
                    engine="double",
                    batch=1,
                    template_sha256="",
                )
            )
        rest["on_outcomes"](made)
        return not rest["control"].stopped

    def reply(self, user: str) -> str:
        if "Write 2 different questions" in user:
            if "Owls" not in user:
                return "I like bats."
            return (
                "Question: How many mice does an owl eat in a winter's night?\nAnswer: 9\n"
                "Question: When do owls hunt?\nAnswer: at night\nQuestion: Why?"
            )
        if "How many" in user:
            return "Answer: 9" if "nine mice" in user else "Answer: 3"
        return "Answer: at noon"


def test_passages_come_from_every_document_that_can_be_read(folder: Path) -> None:
    (folder / "empty.md").write_text("")
    found = read_passages([folder], most_words=20, least_words=10)
    assert [(one.document.name, one.passage.heading) for one in found.passages] == [
        ("bats.txt", ""),
        ("owls.md", "Owls"),
    ]
    assert found.documents == 4 and found.finished
    assert [path.name for path in found.refused] == ["empty.md", "scan.pdf"]
    assert "too short" in found.refused[folder / "empty.md"]
    assert "damaged" in found.refused[folder / "scan.pdf"]
    control = JobControl()
    control.stop()
    assert not read_passages([folder], control=control).finished
    with pytest.raises(UserError, match="no document"):
        read_passages([])
    with pytest.raises(UserError, match=r"No document has a passage.*damaged"):
        read_passages([folder / "scan.pdf"])


def test_a_question_is_checked_with_and_without_its_passage(
    library: Library, folder: Path, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = Teacher()
    monkeypatch.setattr(replies, "ask", teacher)
    grown = request(folder, tiny_llama.gguf, heldout=50).grow(library)
    assert (grown.given, grown.proposed, grown.new) == (2, 2, 2)
    assert (grown.confirmed, grown.unconfirmed, grown.unread, grown.repeated) == (1, 1, 2, 0)
    assert [Path(path).name for path in grown.refused] == ["scan.pdf"]
    one, two = (stored.proposal for stored in list_proposals(library).items)
    assert one.checks == {"with_passage": True, "without_passage": False} and one.confirmed
    assert two.checks == {"with_passage": False, "without_passage": False} and two.confirmed is False
    assert one.task.context == OWLS and one.task.answer == "9" and one.task.tags == ("grown",)
    assert one.task.split == two.task.split  # one passage is on one side
    assert one.ancestry["heading"] == "Owls" and one.ancestry["document"].endswith("owls.md")
    run = list_runs(library)[0]
    assert (run.kind, run.status) == ("grow-documents", "done")
    assert grown_from_json(run.outcome or "") == grown
    accept(library, [one.id])
    assert [task.query for task in iterate_tasks(library, TaskFilter(family="animals"))] == [one.task.query]
    count = len(teacher.asked)
    again = request(folder, tiny_llama.gguf).grow(library)
    assert len(teacher.asked) == count  # every reply is stored
    assert (again.proposed, again.new, again.repeated) == (1, 0, 1)


def test_the_task_can_go_without_its_passage(
    library: Library, folder: Path, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "ask", Teacher())
    request(folder, tiny_llama.gguf, with_passage=False, limit=2).grow(library)
    assert {stored.proposal.task.context for stored in list_proposals(library).items} == {""}


def test_a_real_teacher_is_asked_once(library: Library, folder: Path, tiny_llama: TinyModel) -> None:
    wanted = request(folder, tiny_llama.gguf, sampling=Sampling(temperature=0.7, max_tokens=8), threads=1)
    assert DocumentsRequest.from_json(wanted.to_json()) == wanted
    told: list[Update] = []
    first = wanted.grow(library, progress=told.append)
    assert first.finished and first.given == 2 and first.unread >= 1
    overall = [one.overall for one in told if one.overall]  # reading the documents comes before
    assert {one.steps for one in overall} == {3}  # writing, and answering with the passage and without
    assert [one.share for one in overall] == sorted(one.share for one in overall)
    assert 0.5 <= overall[-1].share <= 1
    rows = library.rows("SELECT id FROM replies")
    assert wanted.grow(library).given == 2
    assert library.rows("SELECT id FROM replies") == rows


def test_a_stop_keeps_what_was_written(
    library: Library, folder: Path, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, control = Teacher(), JobControl()

    def stop_after(*given: Any, **rest: Any) -> bool:
        control.stop()
        return teacher(*given, **rest)

    monkeypatch.setattr(replies, "ask", stop_after)
    wanted = request(folder, tiny_llama.gguf)
    stopped = wanted.grow(library, control=control)
    assert not stopped.finished and stopped.proposed == 0
    assert list_runs(library)[0].status == "cancelled"
    count = len(teacher.asked)
    monkeypatch.setattr(replies, "ask", teacher)
    resumed = wanted.grow(library)
    assert resumed.run == stopped.run and resumed.proposed == 2
    assert len(teacher.asked) == count + 4
