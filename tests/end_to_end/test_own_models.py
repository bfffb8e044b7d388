"""The commands on a user's own tasks, teacher and student: random models that the recipe never saw."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file
from tiny_models import TinyModel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
]  # a dozen processes, which a busy machine runs slowly
TOWNS = ("Paris", "Rome", "Oslo", "Bern")
END = 2  # the id of <|im_end|> in the tiny models


class Commands:
    """Runs `orca-desk` commands in one library and returns what they print as JSON."""

    def __init__(self, library: Path) -> None:
        self._environment = os.environ | {"ORCA_DESK_LIBRARY": str(library), "OMP_NUM_THREADS": "1"}

    def __call__(self, *arguments: object) -> Any:
        command = [sys.executable, "-m", "orca_desk", *map(str, arguments), "--json"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
        return json.loads(done.stdout)


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


@pytest.mark.parametrize(("teacher_family", "student_family"), [("qwen", "llama"), ("llama", "qwen")])
def test_from_own_tasks_to_an_answer(
    teacher_family: str, student_family: str, tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path: Path
) -> None:
    models = {"llama": tiny_llama, "qwen": tiny_qwen}
    orca = Commands(tmp_path / "library")
    teacher = tmp_path / "teacher.gguf"
    orca("models", "convert", own_model(models[teacher_family], tmp_path / "teacher"), teacher)
    student = own_model(models[student_family], tmp_path / "student")

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
