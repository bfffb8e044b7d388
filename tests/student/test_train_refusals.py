"""What training refuses, each with a sentence; and how early stopping and the best adapter are chosen."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tiny_models import TinyModel
from training_records import Going, make_records, quick, write_records

from orca_desk.errors import FinalError, UserError
from orca_desk.models.fits import TORCH, TRAINING_SHARE, training_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.student import checkpoints
from orca_desk.student.base import read_base
from orca_desk.student.checkpoints import TrainingProgress
from orca_desk.student.loop import Loop
from orca_desk.student.settings import TrainSettings
from orca_desk.student.torch.model import choose_checkpointing, choose_dtype, choose_threads, load_base
from orca_desk.student.train import TrainOutcome, train


@pytest.fixture
def base(tiny_llama: TinyModel, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may change."""
    return Path(shutil.copytree(tiny_llama.folder, tmp_path / "base"))


def _train(
    base: Path, folder: Path, settings: TrainSettings, *, records: list[dict[str, str]] | None = None
) -> TrainOutcome:
    path = write_records(folder / "records.jsonl", records or make_records(20))
    events: list[dict[str, Any]] = []
    return train(
        base=base,
        records=path,
        out=folder / "out",
        settings=settings,
        emit=events.append,
        control=Going(),
    )


def _tensors(adapter: Path | None) -> dict[str, bytes]:
    assert adapter is not None
    tensors = load_file(adapter / "adapter_model.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}


def _change_config(base: Path, **values: Any) -> None:
    path = base / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_pickled_weights_are_refused(base: Path, tmp_path: Path) -> None:
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    with pytest.raises(UserError, match="pickled weights"):
        _train(base, tmp_path, quick())


def test_a_folder_without_weights_or_config_is_refused(base: Path, tmp_path: Path) -> None:
    (base / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"has no model\.safetensors"):
        _train(base, tmp_path, quick())
    (base / "config.json").unlink()
    with pytest.raises(UserError, match=r"no config\.json"):
        _train(base, tmp_path, quick())


def test_a_quantised_model_is_refused(base: Path, tmp_path: Path) -> None:
    _change_config(base, quantization_config={"quant_method": "gptq"})
    with pytest.raises(UserError, match="is quantised"):
        _train(base, tmp_path, quick())


def test_code_that_comes_with_a_model_is_not_run(base: Path, tmp_path: Path) -> None:
    (base / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    names = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    _change_config(base, auto_map=names)
    _train(base, tmp_path, quick(epochs=1))
    _change_config(base, model_type="unheard-of")
    with pytest.raises(UserError, match="cannot train models of the unheard-of architecture"):
        _train(base, tmp_path, quick())
    with pytest.raises(UserError, match="cannot be loaded"):
        load_base(base, "float32")
    assert not (tmp_path / "ran").exists()


def test_weights_that_lack_a_tensor_are_refused(base: Path, tmp_path: Path) -> None:
    tensors = load_file(base / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"lack model\.layers\.1\.mlp\.up_proj\.weight"):
        _train(base, tmp_path, quick())


def test_a_tokenizer_beyond_the_models_vocabulary_is_refused(base: Path, tmp_path: Path) -> None:
    tensors = load_file(base / "model.safetensors")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        tensors[name] = tensors[name][:200].contiguous()
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    _change_config(base, vocab_size=200)
    with pytest.raises(UserError, match="has only 200 tokens"):
        _train(base, tmp_path, quick())


@pytest.mark.parametrize("name", ["w_pack", "lm_head", "embed_tokens"])
def test_layers_that_cannot_be_adapted_are_refused(base: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"no linear layer named '{name}'") as caught:
        _train(base, tmp_path, quick(targets=name))
    assert "q_proj" in caught.value.hint


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"inputs": {}}'])
def test_a_damaged_plan_of_a_run_is_told(base: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(content)
    with pytest.raises(UserError, match=r"run\.json is damaged, so the training cannot be resumed"):
        _train(base, tmp_path, quick())


def test_a_validation_loss_that_is_no_number_stops_the_run(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orca_desk.student.torch.engine.TorchEngine.evaluate", lambda *_: float("nan"))
    with pytest.raises(FinalError, match="validation loss after step 0 is not a number"):
        _train(base, tmp_path, quick(eval_fraction=0.2))
    assert not (tmp_path / "out" / "adapter").exists()


def test_a_diverging_run_stops_with_a_sentence(base: Path, tmp_path: Path) -> None:
    tensors = load_file(base / "model.safetensors")
    tensors["model.norm.weight"] *= 1e14  # with the largest alpha, gradients whose squares overflow
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(FinalError, match=r"loss of step 1 is not a number"):
        _train(base, tmp_path, quick(alpha=1e9))
    assert not (tmp_path / "out" / "adapter").exists()


def test_weights_that_are_no_numbers_are_refused(base: Path, tmp_path: Path) -> None:
    tensors = load_file(base / "model.safetensors")
    tensors["model.norm.weight"][3] = torch.inf
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"model.norm.weight .* holds values that are infinite"):
        _train(base, tmp_path, quick())


def test_an_adapter_that_changes_nothing_is_refused(base: Path, tmp_path: Path) -> None:
    adapter = _train(base, tmp_path, quick(epochs=1)).adapter
    assert adapter is not None
    checkpoints.require_effect(adapter)
    file = adapter / "adapter_model.safetensors"
    tensors = load_file(file)
    save_file({name: t * 0 if ".lora_B." in name else t for name, t in tensors.items()}, file)
    with pytest.raises(UserError, match="changes nothing"):
        checkpoints.require_effect(adapter)


def test_early_stopping_keeps_the_best(base: Path, tmp_path: Path) -> None:
    settings = quick(
        learning_rate=1.0, schedule="constant", warmup=0.0, early_stop=2, eval_every=1, epochs=20
    )
    outcome = _train(base, tmp_path, settings)
    assert outcome.ending == "early" and outcome.step < outcome.steps
    assert outcome.best_step == outcome.step - 2
    best = tmp_path / "out" / "checkpoints" / f"step-{outcome.best_step}" / "adapter"
    assert _tensors(outcome.adapter) == _tensors(best)


def test_a_training_that_only_does_harm_stops_early_and_says_so(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The untrained student is the first candidate: three evaluations that are worse than it end the run."""
    losses = iter((1.4978, 1.9, 1.6734, 1.7))
    monkeypatch.setattr(Loop, "evaluate", lambda loop: next(losses))
    outcome = _train(base, tmp_path, quick(early_stop=3, eval_every=1, epochs=20))
    assert (outcome.ending, outcome.step) == ("early", 3)
    assert (outcome.base_loss, outcome.best_step, outcome.best_loss) == (1.4978, 2, 1.6734)
    assert _tensors(outcome.adapter) == _tensors(tmp_path / "out" / "checkpoints" / "step-2" / "adapter")


def test_step_0_is_a_candidate_and_an_adapter_comes_out_all_the_same() -> None:
    progress = TrainingProgress()
    seen = []
    for step, loss in enumerate((1.4, 1.7, 1.6, 1.5, 1.8)):
        progress.step = step
        progress.note_loss(loss)
        seen.append(progress.waited)
    assert seen == [0, 1, 2, 3, 4]
    assert (progress.base_loss, progress.best_loss, progress.best_step) == (1.4, 1.4, 0)
    assert (progress.adapter_loss, progress.adapter_step) == (1.5, 3)
    progress.forget_adapter()
    assert (progress.best_loss, progress.best_step, progress.adapter_step) == (1.4, 0, None)


def test_a_fall_within_the_margin_leaves_the_stop_rule_waiting_and_the_best_is_still_the_lowest() -> None:
    progress = TrainingProgress()
    seen = []
    for step, loss in enumerate((2.0, 1.5, 1.495, 1.491, 1.48, 1.479)):
        progress.step = step
        progress.note_loss(loss, margin=0.01)
        seen.append(progress.waited)
    assert seen == [0, 0, 1, 2, 0, 1]
    assert (progress.best_loss, progress.adapter_step) == (1.479, 5)


def test_the_stop_rule_is_exact_across_a_stop(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rule has waited for is in the checkpoint: a resumed training stops at the same step."""
    losses = (2.0, 1.5, 1.499, 1.498, 1.497)
    monkeypatch.setattr(Loop, "evaluate", lambda loop: losses[loop.progress.step])
    settings = quick(early_stop=3, early_stop_margin=0.01, eval_every=1, checkpoint_every=1, epochs=20)
    records = write_records(tmp_path / "records.jsonl", make_records(20))
    asked = {"base": base, "records": records, "out": tmp_path / "out", "settings": settings}
    stopped = train(**asked, emit=lambda event: None, control=Going(2))  # type: ignore[arg-type]
    assert (stopped.ending, stopped.step) == ("stopped", 2)
    resumed = train(**asked, emit=lambda event: None, control=Going())  # type: ignore[arg-type]
    assert (resumed.ending, resumed.step, resumed.best_step) == ("early", 4, 4)


def test_without_keep_best_the_last_is_kept(base: Path, tmp_path: Path) -> None:
    outcome = _train(base, tmp_path, quick(keep_best=False, eval_fraction=0.0))
    last = tmp_path / "out" / "checkpoints" / f"step-{outcome.steps}" / "adapter"
    assert outcome.adapter is not None and outcome.best_step is None
    assert _tensors(outcome.adapter) == _tensors(last)


def test_checkpointing_only_when_memory_needs_it(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_base(base)
    assert not choose_checkpointing(model, quick(), "float32")
    assert choose_checkpointing(model, quick(gradient_checkpointing="on"), "float32")
    stored = needed(model, quick(batch_tokens=1024, gradient_checkpointing="off"))
    computed_twice = needed(model, quick(batch_tokens=1024, gradient_checkpointing="on"))
    assert computed_twice < stored
    _pretend_free(monkeypatch, trainer_has=(stored + computed_twice) // 2)
    assert choose_checkpointing(model, quick(batch_tokens=1024), "float32")
    with pytest.raises(UserError, match="of memory") as refusal:
        choose_checkpointing(model, quick(batch_tokens=1024, gradient_checkpointing="off"), "float32")
    assert "gradient_checkpointing on" in refusal.value.hint
    with pytest.raises(UserError, match="GiB of memory"):
        choose_checkpointing(model, quick(batch_tokens=2**20), "float32")


@given(
    free=st.integers(700, 12_000).map(lambda mib: mib * 2**20),
    batch_tokens=st.sampled_from([256, 4096, 2**16, 2**20]),
    rank=st.sampled_from([4, 64]),
    dtype=st.sampled_from(["float32", "bfloat16"]),
    checkpointing=st.sampled_from(["auto", "on", "off"]),
    layers=st.sampled_from([2, 24]),
    width=st.sampled_from([64, 2048]),
)
def test_the_page_and_the_trainer_decide_alike(
    tiny_llama: TinyModel, free: int, layers: int, width: int, dtype: str, checkpointing: str, **numbers: int
) -> None:
    model = replace(read_base(tiny_llama.folder), layers=layers, width=width, parameters=10**6 * layers)
    settings = quick(dtype=dtype, gradient_checkpointing=checkpointing, **numbers)
    with pytest.MonkeyPatch.context() as patch:
        _pretend_free(patch, free)
        on_the_page = training_fit(model, settings)
        _pretend_free(patch, free - TORCH)  # it is loaded by now
        if on_the_page.fits:
            assert choose_checkpointing(model, settings, dtype) is on_the_page.checkpointing
        else:
            with pytest.raises(UserError, match="of memory"):
                choose_checkpointing(model, settings, dtype)


def test_choices_that_were_made_are_kept(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_base(base)
    assert choose_dtype(model, quick(dtype="bfloat16")) == "bfloat16"
    assert choose_dtype(model, quick()) == "float32"  # too small to gain
    monkeypatch.setattr("orca_desk.student.torch.model.WORTH_HALVING", 0)
    assert choose_dtype(model, quick()) in ("float32", "bfloat16")
    monkeypatch.setenv("OMP_NUM_THREADS", "1,2")
    assert choose_threads(quick(threads=0)) == 1


def needed(model: ModelFile, settings: TrainSettings) -> int:
    """Return the bytes that a training needs."""
    return training_fit(model, settings).needed


def _pretend_free(
    monkeypatch: pytest.MonkeyPatch, free: int | None = None, *, trainer_has: int | None = None
) -> None:
    """Let so many bytes be free; `trainer_has` are those that a trainer may plan with, torch included."""
    if free is None:
        free = int((trainer_has or 0) / TRAINING_SHARE) - TORCH

    class Memory:
        available = free

    monkeypatch.setattr("psutil.virtual_memory", Memory)
