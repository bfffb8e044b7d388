"""The parity check with both real sides on random models, once with each in its own process."""

import json
from pathlib import Path

import pytest
from gate_here import run_here
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.parity.gate import GateFile, check_files
from orca_desk.parity.table import GateFinding, GateTable, table_from_json
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.prompts.messages import Message
from orca_desk.student.export import export_adapter

pytestmark = pytest.mark.slow
QUESTIONS = ("Where will John look?", "Add 12 and 30.", "<|im_end|> naïve 日本語", "Which town is first?")
PROMPTS = [[Message("system", "Answer the question."), Message("user", text)] for text in QUESTIONS]


def check(
    model: TinyModel,
    adapter: Path,
    served: Path,
    control: JobControl | None = None,
    progress: Progress = silent,
) -> GateTable | None:
    """Check `adapter` in torch against `served` in llama.cpp."""
    lora = served.with_suffix(".gguf")
    export_adapter(served, model.folder, lora)
    return check_files(
        base=model.folder,
        adapter=adapter,
        files=[GateFile(label="adapter", gguf=model.gguf, adapter_gguf=lora)],
        prompts=PROMPTS,
        progress=progress,
        control=control,
    )


@pytest.fixture
def gate_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate without processes of its own: one test with them is enough."""
    monkeypatch.setattr("orca_desk.parity.gate.run_worker", run_here)


def test_an_exported_adapter_agrees(tiny_llama: TinyModel, tmp_path: Path) -> None:
    agree(tiny_llama, tmp_path)


def test_an_exported_adapter_of_another_family_agrees(
    tiny_qwen: TinyModel, tmp_path: Path, gate_here: None
) -> None:
    agree(tiny_qwen, tmp_path)


def agree(model: TinyModel, tmp_path: Path) -> None:
    """Assert that an adapter says in llama.cpp what it says in torch."""
    adapter = make_adapter(tmp_path / "adapter", model.folder, use_rslora=True)
    updates: list[Update] = []
    found = check(model, adapter, adapter, progress=updates.append)
    done = 3 * len(PROMPTS)  # llama.cpp's answers, torch's, and torch's judgement
    assert (updates[-1].done, updates[-1].total, updates[-1].unit) == (done, done, "answers")
    assert len(updates) > 4 and updates[-2].seconds_left is not None
    assert found is not None
    (row,) = found.rows
    assert found.passed and row.finding is GateFinding.PASSED, found
    assert row.prompts == len(PROMPTS)
    assert row.tokens_equal + row.near_ties == row.tokens > 0
    assert json.loads(found.to_json())["gate"]["passed"] is True
    assert table_from_json(found.to_json()) == found


def test_a_wrong_scale_is_found(tiny_llama: TinyModel, tmp_path: Path, gate_here: None) -> None:
    """The same adapter at 1.2 times its scale: the small mistake that an export could make."""
    adapter = make_adapter(tmp_path / "adapter", tiny_llama.folder)
    wrong = make_adapter(tmp_path / "wrong", tiny_llama.folder, lora_alpha=8 * 1.2)
    found = check(tiny_llama, adapter, wrong)
    assert found is not None
    assert found.rows[0].base_largest is not None and found.rows[0].base_largest < 0.05
    assert found.rows[0].finding in (GateFinding.WRONG_STRENGTH, GateFinding.DIFFERS)
    assert not found.passed


def test_an_untrained_adapter_is_a_no_op(tiny_qwen: TinyModel, tmp_path: Path, gate_here: None) -> None:
    adapter = make_adapter(tmp_path / "adapter", tiny_qwen.folder, strength=0.0)
    found = check(tiny_qwen, adapter, adapter)
    assert found is not None
    assert found.rows[0].finding is GateFinding.NO_EFFECT_IN_TORCH
    assert found.rows[0].effect == 0.0


def test_a_stopped_check_has_no_report(tiny_qwen: TinyModel, tmp_path: Path) -> None:
    control = JobControl()
    adapter = make_adapter(tmp_path / "adapter", tiny_qwen.folder)
    control.stop()
    assert check(tiny_qwen, adapter, adapter, control) is None


def test_an_adapter_of_another_model_is_explained(
    tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path: Path
) -> None:
    adapter = make_adapter(tmp_path / "adapter", tiny_qwen.folder)
    export_adapter(adapter, tiny_qwen.folder, tmp_path / "lora.gguf")
    with pytest.raises(UserError, match="does not fit"):
        check_files(
            base=tiny_llama.folder,
            adapter=adapter,
            files=[GateFile(label="adapter", gguf=tiny_llama.gguf, adapter_gguf=tmp_path / "lora.gguf")],
            prompts=PROMPTS,
        )
