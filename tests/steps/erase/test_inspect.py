"""What the Inspector shows is what the trainer makes of the same record."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import open_small, small_snapshot

from orca_desk.errors import UserError
from orca_desk.library.record_edits import decide
from orca_desk.library.records import RecordFilter, get_record, iterate_records
from orca_desk.library.snapshots import snapshot_records, write_snapshot
from orca_desk.method.erasure import CAUTIOUS, erase
from orca_desk.method.records import TrainingRecord
from orca_desk.paths import bundled_models
from orca_desk.processes.progress import JobControl
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.steps.erase.inspect import Inspector, inspect_records, inspect_snapshot
from orca_desk.student.data import prepare
from orca_desk.student.settings import TrainSettings


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


BASE = bundled_models() / "mini-student"
HARD = "<|user|> ÄÖ 漢字 🐋 </s>\n\ttext"


def training(**texts: str) -> TrainingRecord:
    fields = {"system": CAUTIOUS, "user": "Where is the ball?", "assistant": f"In the box. {HARD}"}
    return TrainingRecord(
        teacher_record_id="one", task_id="task", family="belief", strategy="direct", **{**fields, **texts}
    )


def test_the_tokens_are_the_trainers(tmp_path: Path) -> None:
    record = training(user=HARD)
    seen = Inspector(BASE).inspect(record, limit=4096)
    path = tmp_path / "records.jsonl"
    fields = {"id": "a", "system": record.system, "user": record.user, "assistant": record.assistant}
    path.write_text(json.dumps(fields) + "\n", "utf-8")
    renderer = Renderer(HFTokenizer.load(BASE))
    settings = TrainSettings(max_length=4096, eval_fraction=0.0)
    (example,) = prepare(path, renderer, settings, context=4096).training
    assert tuple(token.id for token in seen.tokens) == example.ids
    assert tuple(token.trained for token in seen.tokens) == example.mask
    assert (seen.trained, seen.trained + seen.masked) == (example.trained, len(example.ids))
    assert not seen.too_long


@pytest.mark.parametrize("model", ["bundled", "llama", "qwen"])
def test_the_texts_of_the_tokens_join_to_the_texts(
    model: str, tiny_llama, tiny_qwen, request: pytest.FixtureRequest
) -> None:
    base = {"bundled": BASE, "llama": tiny_llama.folder, "qwen": tiny_qwen.folder}[model]
    seen = Inspector(base).inspect(training(), limit=4096)
    answer = "".join(token.text for token in seen.tokens if token.role == "assistant")
    question = "".join(token.text for token in seen.tokens if token.role == "user")
    assert (answer, question) == (f"In the box. {HARD}", "Where is the ball?")
    assert not any(token.control for token in seen.tokens if token.role in ("user", "assistant", "system"))
    assert seen.tokens[-1].control and seen.tokens[-1].trained and seen.tokens[-1].role == "end"


def test_tokens_beyond_the_limit_are_counted() -> None:
    whole = Inspector(BASE).inspect(training(), limit=4096)
    limit = len(whole.tokens) - 5
    seen = Inspector(BASE).inspect(training(), limit=limit)
    assert seen.too_long and (seen.tokens, seen.masked) == (whole.tokens, whole.masked)
    assert seen.trained == whole.trained - 5
    nothing = Inspector(BASE).inspect(training(), limit=10)
    assert (nothing.trained, nothing.masked) == (0, 10)


def test_the_totals_of_a_snapshot_are_the_trainers_report(library, tmp_path: Path) -> None:
    snapshot = small_snapshot(library)
    totals = inspect_snapshot(library, BASE, snapshot, limit=2048)
    path = tmp_path / "records.jsonl"
    write_snapshot(library, snapshot, path)
    settings = TrainSettings(eval_fraction=0.0)
    report = prepare(path, Renderer(HFTokenizer.load(BASE)), settings, context=2048).report
    assert (totals.records, totals.trained) == (report.records, report.trained_tokens)
    assert (totals.trained + totals.masked, totals.longest) == (report.tokens, report.longest)
    assert (totals.too_long, totals.cut, totals.finished) == (0, 0, True)


def test_the_totals_of_kept_records(library) -> None:
    ids = [record.teacher_record_id for record in snapshot_records(library, small_snapshot(library))][:3]
    kept = RecordFilter(decision="keep")
    with pytest.raises(UserError, match="No records match"):
        inspect_records(library, BASE, kept, CAUTIOUS, limit=2048)
    decide(library, ids, "keep")
    totals = inspect_records(library, BASE, kept, CAUTIOUS, limit=2048)
    inspector = Inspector(BASE)
    each = [
        inspector.inspect(erase(stored.current, CAUTIOUS), limit=2048)
        for stored in iterate_records(library, kept)
    ]
    assert (totals.records, totals.trained) == (3, sum(one.trained for one in each))
    assert totals.masked == sum(one.masked for one in each)
    short = inspect_records(library, BASE, kept, CAUTIOUS, limit=totals.longest - 1)
    assert short.too_long >= 1 and short.cut >= 1
    assert get_record(library, ids[0]).decision == "keep"


def test_a_stopped_count_says_so(library) -> None:
    snapshot = small_snapshot(library)
    control = JobControl()
    control.stop()
    assert not inspect_snapshot(library, BASE, snapshot, limit=2048, control=control).finished


def test_the_inspector_loads_no_model_code() -> None:
    code = (
        "import sys; from pathlib import Path; from orca_desk.steps.erase.inspect import Inspector;"
        f"Inspector(Path({str(BASE)!r}));"
        "print([m for m in ('torch', 'transformers', 'llama_cpp', 'peft') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
