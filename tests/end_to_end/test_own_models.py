"""The commands on a user's own tasks, teacher and student: random models that the recipe never saw."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import run_command
from safetensors.numpy import load_file, save_file
from tiny_models import TinyModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
]  # a dozen processes, which a busy machine runs slowly
TOWNS = ("Paris", "Rome", "Oslo", "Bern")
END = 2  # the id of <|im_end|> in the tiny models


def write_tasks(path: Path) -> Path:
    """The user's tasks as JSONL: sixteen, a quarter of them held out."""
    rows = [
        {
            "family": "towns",
            "query": f"Which town comes next after number {number}?",
            "context": f"The list is {', '.join(TOWNS)}.",
            "answer": TOWNS[number % 4],
            "split": "heldout" if number % 4 == 0 else "train",
        }
        for number in range(16)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def own_model(model: TinyModel, folder: Path) -> Path:
    """A copy of a tiny model's folder, without its GGUF, that ends its answers after some tokens."""
    shutil.copytree(model.folder, folder, ignore=shutil.ignore_patterns("*.gguf"))
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"][END] *= 3
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_from_own_tasks_to_an_answer(tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path: Path) -> None:
    def orca(*arguments: object) -> Any:
        """Return what a command prints as JSON."""
        done = run_command(*map(str, arguments), "--json", folder=tmp_path / "library", OMP_NUM_THREADS="1")
        assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return json.loads(done.stdout)

    teacher = tmp_path / "teacher.gguf"
    orca("models", "convert", own_model(tiny_llama, tmp_path / "teacher"), teacher)
    student = own_model(tiny_qwen, tmp_path / "student")

    assert orca("tasks", "import", write_tasks(tmp_path / "tasks.jsonl"))["added"] == 16
    asked = ("--teacher", teacher, "--family", "towns", "--strategy", "direct", "--max-tokens", 64)
    assert orca("generate", *asked, "--threads", 1)["asked"] == 12
    # A random teacher answers incorrectly; the student still learns its answers.
    snapshot = orca(
        "records", "freeze", "own", "--family", "towns", "--with-incorrect", "--with-leaks", "--with-unpaired"
    )
    quick = ("--rank", 4, "--rslora", "--learning-rate", 0.01, "--epochs", 3, "--threads", 1)
    trained = orca("train", "--student", student, "--snapshot", snapshot["id"], *quick)
    assert trained["finished"]
    assert trained["parity"]["passed"] is True, trained["parity"]["rows"]

    tuned = ("--model", trained["base_gguf"], "--adapter", trained["adapter_gguf"], "--max-tokens", 16)
    evaluated = orca("evaluate", *tuned, "--family", "towns", "--threads", 1)
    answer = orca("chat", *tuned, "--message", "Which town comes first?", "--threads", 1)
    assert evaluated["finished"]
    assert evaluated["families"]["towns"]["accuracy"]["n"] == 4
    assert answer["finish_reason"] in ("stop", "length")
