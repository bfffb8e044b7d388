"""The parity check with both real sides, each in its own process, on random models."""

import json
from pathlib import Path

import pytest
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.parity.check import check_parity
from orca_desk.parity.report import ParityFinding, ParityReport, report_from_json
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
) -> ParityReport | None:
    """Check `adapter` in torch against `served` in llama.cpp."""
    lora = served.with_suffix(".gguf")
    export_adapter(served, model.folder, lora)
    return check_parity(
        base=model.folder,
        base_gguf=model.gguf,
        adapter=adapter,
        adapter_gguf=lora,
        prompts=PROMPTS,
        progress=progress,
        control=control,
    )


@pytest.mark.parametrize("family", ["llama", "qwen"])
def test_an_exported_adapter_agrees(
    family: str, tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path: Path
) -> None:
    model = tiny_llama if family == "llama" else tiny_qwen
    adapter = make_adapter(tmp_path / "adapter", model.folder, use_rslora=True)
    updates: list[Update] = []
    found = check(model, adapter, adapter, progress=updates.append)
    done = 4 * len(PROMPTS)  # each side without and with the adapter
    assert (updates[-1].done, updates[-1].total, updates[-1].unit) == (done, done, "answers")
    assert len(updates) > 4 and updates[-2].seconds_left is not None
    assert found is not None
    assert found.finding is ParityFinding.AGREES, found
    assert found.adapter.prompts == len(PROMPTS)
    assert found.adapter.tokens_equal + found.adapter.near_ties == found.adapter.tokens > 0
    assert json.loads(found.to_json())["agree"] is True
    assert report_from_json(found.to_json()) == found


def test_a_wrong_scale_is_found(tiny_llama: TinyModel, tmp_path: Path) -> None:
    """The same adapter at 1.2 times its scale: the small mistake that an export could make."""
    adapter = make_adapter(tmp_path / "adapter", tiny_llama.folder)
    wrong = make_adapter(tmp_path / "wrong", tiny_llama.folder, lora_alpha=8 * 1.2)
    found = check(tiny_llama, adapter, wrong)
    assert found is not None
    assert found.base.agree is True
    assert found.adapter.agree is False
    assert found.agree is False


def test_an_untrained_adapter_is_a_no_op(tiny_qwen: TinyModel, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "adapter", tiny_qwen.folder, strength=0.0)
    found = check(tiny_qwen, adapter, adapter)
    assert found is not None
    assert found.is_no_op and found.finding is ParityFinding.NO_EFFECT_IN_TORCH
    assert found.effect == 0.0
    assert found.agree is False


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
        check_parity(
            base=tiny_llama.folder,
            base_gguf=tiny_llama.gguf,
            adapter=adapter,
            adapter_gguf=tmp_path / "lora.gguf",
            prompts=PROMPTS,
        )
