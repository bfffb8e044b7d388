"""Two processes that share the lines of a file make of them what one makes."""

import json
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from orca_desk.formats.layout import Asked
from orca_desk.library.incoming import read_incoming
from orca_desk.method.known_questions import KnownQuestions
from orca_desk.processes.protocol import Message
from orca_desk.workers import shared_lines, task_batches
from orca_desk.workers.task_batches import BatchJob, read_batches

ODD = [
    '{"question": 5}',
    "{broken",
    "",
    '{"question": "é \\" x?", "answer": null, "extra": "new"}',
    '[{"question": "one?"}, {"question": "two?"}]',
    '{"question": "[INST]Why?[/INST]So.", "answer": "4", "category": "sums"}',
    '{"question": "n?", "answer": "4", "category": "a\\u0000"}',
    '{"question": "q?", "answer": "4", "category": "sums"} {"question": "r?"}',
]


def lines(count: int) -> list[str]:
    row = {"answer": "4", "category": "sums"}
    return [json.dumps({"question": f"What is {n}?", **row}) for n in range(count)]


def read(path: Path) -> tuple[Message, list[Any]]:
    """Return the survey, and what comes of the rows in all batches together."""
    scratch = Path(mkdtemp(dir=path.parent))
    job = BatchJob(source=path, asked=Asked(), scratch=scratch, percent=20.0)
    _, survey, *batches = read_batches(job, KnownQuestions().sides, lambda rows: None)
    tasks = [read_incoming(Path(one["file"])) for one in batches if one["file"]]
    problems = [problem for one in batches for problem in one["problems"]]
    return survey, [list(chain.from_iterable(tasks)), problems, batches[-1]["notes"]]


def test_two_processes_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = lines(4_000)
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*usual[:10], *ODD, *usual[10:3_000], *ODD, *usual[3_000:]]) + "\n")
    alone = read(path)
    received: list[bool] = []
    monkeypatch.setattr(task_batches, "LARGE", 0)
    monkeypatch.setattr(task_batches, "usable_cores", lambda: 2)
    receive = shared_lines.SecondReader.receive

    def noted(self: shared_lines.SecondReader) -> Any:
        received.append((found := receive(self)) is not None)
        return found

    monkeypatch.setattr(shared_lines.SecondReader, "receive", noted)
    assert read(path) == alone
    assert received.count(True) >= 1


def test_a_second_process_that_ends_leaves_its_lines_to_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines(3_000)) + "\n")
    alone = read(path)
    monkeypatch.setattr(task_batches, "LARGE", 0)
    monkeypatch.setattr(task_batches, "usable_cores", lambda: 2)
    monkeypatch.setattr(shared_lines, "worker_command", lambda name: ["true"])
    assert read(path) == alone
