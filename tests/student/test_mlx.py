"""MLX computes the steps that torch computes, says which models it cannot, and writes PEFT's form."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import reload
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate_here import run_here
from safetensors.numpy import load_file, save_file
from tiny_families import FAMILIES, make_family
from tiny_models import TinyModel
from training_records import SYSTEM, Going, make_records, quick, require_engine, write_records

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.parity.gate import GateFile, check_files
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.student import engines
from orca_desk.student.base import read_base
from orca_desk.student.convert import write_gguf
from orca_desk.student.data import ExampleSets, prepare
from orca_desk.student.export import export_adapter
from orca_desk.student.lora import read_lora
from orca_desk.student.settings import TrainSettings
from orca_desk.student.train import TrainOutcome, train

require_engine("mlx")

# gemma2: records longer than its sliding window, which mlx-lm lacks. Others read their positions otherwise.
OTHERWISE = {
    "gemma2": "computes this gemma2 model otherwise",
    "phi3-long": "cannot load the model|computes this phi3",
    "qwen3-yarn": "computes this qwen3 model otherwise",
    "gemma3-linear": "computes this gemma3_text model otherwise",
}


def examples_of(folder: Path, tmp_path: Path, settings: TrainSettings) -> ExampleSets:
    path = write_records(tmp_path / "records.jsonl", make_records(24))
    return prepare(path, Renderer(HFTokenizer.load(folder)), settings, context=2048)


def opened(folder: Path, examples: ExampleSets, settings: TrainSettings) -> Any:
    return engines.begin(read_base(folder), settings, examples, pytest.fail)[1]


def run(folder: Path, out: Path, settings: TrainSettings) -> tuple[TrainOutcome, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    records = write_records(out.parent / "records.jsonl", make_records(24))
    outcome = train(
        base=folder, records=records, out=out, settings=settings, emit=events.append, control=Going()
    )
    return outcome, events


@pytest.fixture(scope="module", params=[name for name in FAMILIES if name not in OTHERWISE])
def folder(request: Any, tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path_factory: Any) -> Path:
    """A model of each family in turn that mlx-lm computes as transformers does."""
    tokenizer = tiny_qwen if request.param.startswith("qwen") else tiny_llama
    return make_family(tmp_path_factory.mktemp(request.param), request.param, tokenizer.folder)


@pytest.fixture
def biased(folder: Path, tmp_path: Path) -> Any:
    """Both engines on the same examples, with the adapter that a few steps of torch have made."""
    settings = quick(rslora=True, targets="o_proj,down_proj", weight_decay=0.1, clip=0.5, eval_fraction=0.2)
    examples = examples_of(folder, tmp_path, settings)
    torch, mlx = (opened(folder, examples, replace(settings, engine=name)) for name in ("torch", "mlx"))
    for _ in range(3):
        torch.take_step([examples.training[:8]], rate=1e-2, clip=0.5)
    torch.save_adapter(tmp_path / "adapter")
    copy_adapter(mlx, tmp_path / "adapter")
    return torch, mlx, examples


def with_final_norm(folder: Path, tmp_path: Path, change: Callable[[np.ndarray], np.ndarray]) -> Path:
    """Return a copy of a model whose last norm has other weights."""
    base = Path(shutil.copytree(folder, tmp_path / "base"))
    tensors = load_file(base / "model.safetensors")
    tensors["model.norm.weight"] = change(tensors["model.norm.weight"])
    save_file(tensors, base / "model.safetensors", metadata={"format": "pt"})
    return base


def copy_adapter(engine: Any, folder: Path) -> None:
    """Give an MLX engine the adapter in `folder`, and a new optimizer's state."""
    engine.save_state(folder.parent / "new.safetensors")
    engine.load(folder, folder.parent / "new.safetensors")


def weights(engine: Any, folder: Path) -> dict[str, np.ndarray]:
    engine.save_adapter(folder)
    changes = read_lora(folder)
    return {one.module: one.scale * one.b.load() @ one.a.load() for one in changes}


def test_loss_gradient_and_adapter_are_those_of_torch(biased: Any, tmp_path: Path) -> None:
    torch, mlx, examples = biased
    batch = list(examples.evaluation)
    assert mlx.evaluate(batch) == pytest.approx(torch.evaluate(batch), rel=1e-5)
    before, same = weights(torch, tmp_path / "torch"), weights(mlx, tmp_path / "mlx")
    assert before.keys() == same.keys()
    for name, change in before.items():
        np.testing.assert_allclose(same[name], change, atol=1e-7)
    batches = [examples.training[:5], examples.training[5:12]]
    ours, theirs = (engine.take_step(batches, rate=0.0, clip=0.5) for engine in (mlx, torch))
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
    assert ours.norm == pytest.approx(theirs.norm, rel=1e-4)


def test_the_optimizer_takes_the_steps_of_torchs(tiny_qwen: TinyModel, tmp_path: Path) -> None:
    """From the same adapter and moments at zero, the adapters stay together for some steps."""
    folder = tiny_qwen.folder
    settings = quick(weight_decay=0.1, dtype="float32", clip=0.5)
    examples = examples_of(folder, tmp_path, settings)
    torch, mlx = (opened(folder, examples, replace(settings, engine=name)) for name in ("torch", "mlx"))
    torch.save_adapter(tmp_path / "start")
    copy_adapter(mlx, tmp_path / "start")
    for start in (0, 6, 12):
        batches = [examples.training[start : start + 3], examples.training[start + 3 : start + 6]]
        theirs, ours = (engine.take_step(batches, rate=1e-3, clip=0.5) for engine in (torch, mlx))
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-3)
    wanted, got = weights(torch, tmp_path / "torch"), weights(mlx, tmp_path / "mlx")
    for name, change in wanted.items():
        scale = float(np.abs(change).max())
        assert scale > 0
        np.testing.assert_allclose(got[name], change, atol=0.02 * scale)


def test_a_checkpointed_layer_drops_the_same_values_twice(tiny_llama: TinyModel, tmp_path: Path) -> None:
    folder = tiny_llama.folder
    numbers = []
    for checkpointing in ("off", "on"):
        settings = quick(engine="mlx", dropout=0.4, gradient_checkpointing=checkpointing)
        examples = examples_of(folder, tmp_path, settings)
        engine = opened(folder, examples, settings)
        taken = [engine.take_step([examples.training[:6]], rate=1e-2, clip=0.0) for _ in range(3)]
        numbers.append([(one.loss, one.norm) for one in taken])
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=1e-4)


def test_dropout_drops_in_training_alone(tiny_llama: TinyModel, tmp_path: Path) -> None:
    settings = quick(engine="mlx", dropout=0.5)
    examples = examples_of(tiny_llama.folder, tmp_path, settings)
    engine = opened(tiny_llama.folder, examples, settings)
    batch = list(examples.training[:4])
    engine.take_step([batch], rate=1e-2, clip=0.0)  # until then the adapter changes nothing
    assert engine.evaluate(batch) == engine.evaluate(batch)
    first, second = (engine.take_step([batch], rate=0.0, clip=0.0) for _ in range(2))
    assert first.loss != second.loss


def test_the_head_in_chunks_gives_the_same(
    tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    for chunk in (2**24, 512 * 7):
        monkeypatch.setattr("orca_desk.student.mlx.loss.LOGITS_AT_ONCE", chunk)
        examples = examples_of(tiny_llama.folder, tmp_path, quick(engine="mlx"))
        engine = opened(tiny_llama.folder, examples, quick(engine="mlx"))
        numbers.append(engine.take_step([examples.training[:6]], rate=1e-2, clip=0.0))
    assert numbers[1].loss == pytest.approx(numbers[0].loss, rel=1e-5)
    assert numbers[1].norm == pytest.approx(numbers[0].norm, rel=1e-4)


def test_bfloat16_holds_a_float32_adapter(tiny_llama: TinyModel, tmp_path: Path) -> None:
    outcome, events = run(tiny_llama.folder, tmp_path / "out", quick(engine="mlx", dtype="bfloat16"))
    assert outcome.adapter is not None and outcome.best_loss < outcome.base_loss
    assert {one.a.dtype for one in read_lora(outcome.adapter)} == {"F32"}
    (report,) = (event for event in events if event["event"] == "report")
    assert (report["engine"], report["dtype"], report["device"]) == ("mlx", "bfloat16", "cpu")


def test_layers_that_cannot_be_adapted_are_refused(tiny_llama: TinyModel, tmp_path: Path) -> None:
    for name in ("w_pack", "lm_head", "embed_tokens"):
        with pytest.raises(UserError, match=f"no linear layer named '{name}'") as caught:
            run(tiny_llama.folder, tmp_path / name, quick(engine="mlx", targets=name))
        assert "q_proj" in caught.value.hint


@pytest.mark.slow
def test_the_bundled_student_is_served_as_it_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orca_desk.parity.gate.run_worker", run_here)
    settings = quick(engine="mlx", epochs=1, eval_fraction=0.2)
    trained, _ = run(mini_student(), tmp_path / "out", settings)
    assert trained.adapter is not None
    examples = examples_of(mini_student(), tmp_path, settings)
    torch = opened(mini_student(), examples, replace(settings, engine="torch"))
    learned = sum(example.trained for example in examples.evaluation)
    assert trained.base_loss == pytest.approx(torch.evaluate(examples.evaluation) / learned, rel=1e-3)
    export_adapter(trained.adapter, mini_student(), tmp_path / "adapter.gguf")
    write_gguf(mini_student(), tmp_path / "base.gguf", dtype="f32")
    files = [GateFile(label="adapter", gguf=tmp_path / "base.gguf", adapter_gguf=tmp_path / "adapter.gguf")]
    prompts = [[Message("system", SYSTEM), Message("user", f"What is {number} + 1?")] for number in (3, 7)]
    table = check_files(base=mini_student(), adapter=trained.adapter, files=files, prompts=prompts)
    assert table is not None and table.passed, table


def test_a_diverging_run_stops_with_a_sentence(tiny_llama: TinyModel, tmp_path: Path) -> None:
    # With the largest alpha, gradients whose squares overflow.
    base = with_final_norm(tiny_llama.folder, tmp_path, lambda weight: weight * 1e14)
    with pytest.raises(UserError, match="loss of step 1 is not a number"):
        run(base, tmp_path / "out", quick(engine="mlx", alpha=1e9))
    assert not (tmp_path / "out" / "adapter").exists()


def test_weights_that_are_no_numbers_are_refused(tiny_llama: TinyModel, tmp_path: Path) -> None:
    base = with_final_norm(tiny_llama.folder, tmp_path, lambda weight: np.full_like(weight, np.inf))
    with pytest.raises(UserError, match=r"model.norm.weight .* holds values that are infinite"):
        run(base, tmp_path / "out", quick(engine="mlx"))


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_model_that_mlx_computes_otherwise_is_refused(
    name: str, tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path: Path
) -> None:
    tokenizer = tiny_qwen if name.startswith("qwen") else tiny_llama
    folder = make_family(tmp_path / name, name, tokenizer.folder)
    with pytest.raises(UserError, match=OTHERWISE[name]) as caught:
        run(folder, tmp_path / "out", quick(engine="mlx"))
    assert "engine to torch" in caught.value.hint
    assert not (tmp_path / "out" / "run.json").exists()


def test_within_its_window_gemma_2_is_trained(tiny_llama: TinyModel, tmp_path: Path) -> None:
    folder = make_family(tmp_path / "gemma2", "gemma2", tiny_llama.folder, sliding_window=4096)
    outcome, _ = run(folder, tmp_path / "out", quick(engine="mlx"))
    assert outcome.best_loss is not None and outcome.best_loss < outcome.base_loss


def test_torch_takes_the_place_of_an_automatic_choice_that_does_not_suit(
    tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "choose_engine", lambda settings: "mlx")  # as on a Mac
    folder = make_family(tmp_path / "gemma2", "gemma2", tiny_llama.folder)
    outcome, events = run(folder, tmp_path / "out", quick())
    assert outcome.ending == "finished"
    (told,) = (event["message"] for event in events if event["event"] == "warning")
    assert "computes this gemma2 model otherwise" in told and "trained with torch instead" in told
    assert json.loads((tmp_path / "out" / "run.json").read_text())["engine"] == "torch"


def test_a_run_goes_on_with_its_own_engine_and_device(
    tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = quick(epochs=1)
    monkeypatch.setattr(engines, "choose_engine", lambda settings: "mlx")
    run(tiny_llama.folder, tmp_path / "out", settings)
    monkeypatch.undo()
    _, events = run(tiny_llama.folder, tmp_path / "out", settings)
    assert {event["engine"] for event in events if event["event"] == "report"} == {"mlx"}
    plan = tmp_path / "out" / "run.json"
    plan.write_text(plan.read_text().replace('"device": "cpu"', '"device": "metal:0"'))
    with pytest.raises(UserError, match="began on metal:0; MLX computes on cpu now"):
        run(tiny_llama.folder, tmp_path / "out", settings)


def test_on_a_gpu_repeating_and_resuming_are_measured(tiny_llama: TinyModel, tmp_path: Path) -> None:
    """The arithmetic is the CPU's here; what is done with it is the same."""
    from orca_desk.student.mlx.engine import open_engine

    settings = quick(engine="mlx", dropout=0.2)
    examples = examples_of(tiny_llama.folder, tmp_path, settings)
    plan = {"device": "metal:0", "dtype": "float32", "gradient_checkpointing": False}
    engine = open_engine(tiny_llama.folder, settings, plan, examples)
    assert engine.describe()["repeats_exactly"] and engine.describe()["repeats_within"] == 0.0
    engine.take_step([examples.training[:6]], rate=1e-2, clip=1.0)
    engine.save_adapter(tmp_path / "adapter")
    engine.save_state(tmp_path / "state.safetensors")
    engine.load(tmp_path / "adapter", tmp_path / "state.safetensors")
    assert engine.describe()["resumed_within"] == 0.0
    engine.take_step([examples.training[:6]], rate=1e-1, clip=1.0)
    engine.save_adapter(tmp_path / "other")
    with pytest.raises(UserError, match="MLX now computes the loss of the same records as"):
        engine.load(tmp_path / "other", tmp_path / "state.safetensors")


def test_a_device_that_mlx_cannot_use_is_told(
    tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But a run that began on the CPU goes on there."""
    settings = quick(engine="mlx", epochs=1)
    run(tiny_llama.folder, tmp_path / "begun", settings)
    monkeypatch.setenv("ORCA_DESK_DEVICE", "cuda:0")
    with pytest.raises(UserError, match="MLX computes on the CPU here, not on cuda:0"):
        run(tiny_llama.folder, tmp_path / "out", settings)
    assert run(tiny_llama.folder, tmp_path / "begun", settings)[0].ending == "finished"


def test_mlx_does_not_limit_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where fewer are allowed than mlx-lm asks for, it could not even be imported."""
    import resource  # Windows has none

    from orca_desk.student.mlx import lm

    monkeypatch.setattr(resource, "setrlimit", lambda *_: pytest.fail("The limit was set."))
    monkeypatch.delitem(sys.modules, "mlx_lm.utils")
    reload(lm)
    assert "mlx_lm.utils" in sys.modules
