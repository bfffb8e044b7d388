"""The contract of every family: both ways between folder and GGUF, and from training to the gate."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gate_here import run_here
from peft import PeftModel
from safetensors.numpy import save_file
from tiny_families import FAMILIES, make_family
from tiny_models import TinyModel
from training_records import Going, make_records, quick, require_engine, write_records

from orca_desk.inventory.trainable import why_untrainable
from orca_desk.parity.gate import GateFile, check_files
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.base import read_base
from orca_desk.student.convert import write_gguf
from orca_desk.student.data import Example, render
from orca_desk.student.export import export_adapter
from orca_desk.student.families import family_of_config, family_of_gguf
from orca_desk.student.from_gguf import write_folder
from orca_desk.student.gguf_reading import open_gguf
from orca_desk.student.packing import collate
from orca_desk.student.safetensors_files import SafetensorsFiles
from orca_desk.student.same_model import find_difference
from orca_desk.student.torch.kernels import replace_forwards
from orca_desk.student.torch.loss import summed_loss
from orca_desk.student.torch.model import adapter_parameters, add_adapter, load_base
from orca_desk.student.train import TrainOutcome, train

# Of settings, which the tests of the weights and of training need not tell apart.
VARIANTS = ("llama-biased", "llama-long", "llama-linear", "qwen3-yarn", "gemma3-linear", "granite-long")


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: Any, tiny_llama: TinyModel, tiny_qwen: TinyModel, tmp_path_factory: Any) -> Path:
    """A model of each family in turn; read only."""
    tokenizer = tiny_qwen if request.param.startswith("qwen") else tiny_llama
    return make_family(tmp_path_factory.mktemp(request.param), request.param, tokenizer.folder)


@pytest.fixture(scope="module")
def converted(folder: Path, tmp_path_factory: Any) -> Path:
    """Its GGUF file in float32; read only."""
    out: Path = tmp_path_factory.mktemp("gguf") / f"{folder.name}.gguf"
    write_gguf(folder, out, dtype="f32")
    return out


def weights_of(folder: Path) -> dict[str, np.ndarray]:
    return {name: stored.load() for name, stored in SafetensorsFiles(folder).items()}


def restored(file: Path) -> dict[str, np.ndarray]:
    """The tensors of a GGUF file in Hugging Face's names and order."""
    family, tensors = family_of_gguf(file), {}
    for tensor in open_gguf(file).tensors:
        shape = tuple(int(length) for length in reversed(tensor.shape))
        if name := family.folder_tensor(tensor.name, shape):
            tensors[name] = family.restore(name, tensor.data.reshape(shape))
    return tensors


def logits_of(folder: Path) -> torch.Tensor:
    with torch.no_grad():
        return load_base(folder, "float32").eval()(input_ids=torch.arange(3, 60)[None]).logits


def examples_of(folder: Path, count: int = 5) -> list[Example]:
    renderer = Renderer(HFTokenizer.load(folder))
    return [render(record, renderer) for record in make_records(count)]


def adapted(folder: Path, *, fast: bool) -> PeftModel:
    """The model with an adapter that already changes something."""
    model = add_adapter(load_base(folder, "float32"), quick())
    random = torch.Generator().manual_seed(5)
    for parameter in adapter_parameters(model).values():
        parameter.data = torch.randn(parameter.shape, generator=random) * 0.1
    if fast:
        replace_forwards(model)
    return model.eval()


@pytest.mark.parametrize("folder", [*FAMILIES, *VARIANTS], indirect=True)
def test_a_folder_from_its_gguf_file_is_the_same_model(folder: Path, converted: Path, tmp_path: Path) -> None:
    ours, back = weights_of(folder), restored(converted)
    assert back.keys() == ours.keys()
    for name, values in ours.items():
        np.testing.assert_allclose(back[name], values, rtol=0, atol=2e-7)  # an offset of 1 rounds
    save_file({n: np.ascontiguousarray(v) for n, v in back.items()}, tmp_path / "model.safetensors")
    config = family_of_gguf(converted).config
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert config["rope_theta"] == family_of_config(config).rope.theta  # as mlx-lm reads it
    torch.testing.assert_close(logits_of(tmp_path), logits_of(folder), rtol=1e-5, atol=1e-5)
    assert read_base(tmp_path).context == read_base(folder).context


def test_its_gguf_file_alone_is_the_same_student(folder: Path, converted: Path, tmp_path: Path) -> None:
    assert why_untrainable(converted) == ""
    write_folder(converted, tmp_path / "unpacked")
    read_base(tmp_path / "unpacked")
    assert find_difference(tmp_path / "unpacked", converted) is None
    assert find_difference(folder, converted) is None


def test_nothing_stands_in_the_way_of_training(folder: Path) -> None:
    assert why_untrainable(folder) == ""


def test_a_converted_file_is_told_as_the_same_model(folder: Path, converted: Path) -> None:
    assert find_difference(folder, converted) is None


def test_another_file_of_the_same_shape_is_not(
    folder: Path, tmp_path: Path, tiny_llama: TinyModel, tiny_qwen: TinyModel
) -> None:
    """One norm, moved by a hundredth: less than the offset that Gemma's files add."""
    weights = weights_of(folder)
    weights["model.norm.weight"] = weights["model.norm.weight"] + 0.01
    save_file(weights, tmp_path / "model.safetensors")
    for part in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / part).write_bytes((folder / part).read_bytes())
    write_gguf(tmp_path, tmp_path / "other.gguf", dtype="f32")
    found = find_difference(folder, tmp_path / "other.gguf")
    assert found is not None and found.detail == "output_norm.weight"


def test_loss_and_gradients_are_those_of_transformers_and_peft(folder: Path) -> None:
    """Also that records in one batch do not see each other: the reference takes one at a time."""
    examples = examples_of(folder)
    plain, total = adapted(folder, fast=False), torch.zeros(())
    for example in examples:
        ids = torch.tensor([example.ids])
        labels = ids.masked_fill(~torch.tensor([example.mask]), -100)[0, 1:]
        logits = plain(input_ids=ids).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
    total.backward()
    fast = adapted(folder, fast=True)
    loss = summed_loss(fast, collate(examples))
    loss.backward()
    torch.testing.assert_close(loss, total.detach(), rtol=2e-5, atol=0, check_dtype=False)
    wanted, got = adapter_parameters(plain), adapter_parameters(fast)
    assert wanted.keys() == got.keys()
    for name, parameter in wanted.items():
        expected = parameter.grad
        scale = float(expected.abs().max())
        assert scale > 0, name
        torch.testing.assert_close(got[name].grad, expected, rtol=1e-3, atol=1e-4 * scale)


def run(
    folder: Path, out: Path, engine: str, control: Going | None = None
) -> tuple[TrainOutcome, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    records = write_records(out.parent / "records.jsonl", make_records(24))
    settings = quick(learning_rate=3e-3, engine=engine)
    outcome = train(
        base=folder,
        records=records,
        out=out,
        settings=settings,
        emit=events.append,
        control=control or Going(),
    )
    return outcome, events


# With MLX from training to the gate; test_mlx compares loss and gradient of all its families with torch's.
IN_MLX = ("gemma3", "granite")


@pytest.fixture(scope="module", params=["torch", "mlx"])
def engine(request: Any, folder: Path) -> str:
    """Each engine in turn."""
    if request.param == "mlx" and not folder.name.startswith(IN_MLX):
        pytest.skip("MLX is tried on other families")
    return require_engine(request.param)


@pytest.fixture(scope="module")
def trained(folder: Path, engine: str, tmp_path_factory: Any) -> TrainOutcome:
    return run(folder, tmp_path_factory.mktemp("trained") / "run", engine)[0]


def test_a_training_learns_and_resumes_to_the_bit(
    folder: Path, engine: str, trained: TrainOutcome, tmp_path: Path
) -> None:
    stopped, _ = run(folder, tmp_path / "run", engine, Going(4))
    assert stopped.ending == "stopped"
    resumed, _ = run(folder, tmp_path / "run", engine)
    assert resumed.adapter is not None and trained.adapter is not None
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert (resumed.adapter / name).read_bytes() == (trained.adapter / name).read_bytes()
    assert resumed.best_loss is not None and resumed.base_loss is not None
    assert resumed.best_loss < resumed.base_loss


GATED = ("gemma2", "gemma3", "phi3-long", "smollm3", "granite", "olmo2")  # the others: tests/parity


@pytest.mark.slow
@pytest.mark.parametrize("folder", GATED, indirect=True)
def test_what_is_exported_passes_the_gate(
    folder: Path, converted: Path, trained: TrainOutcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orca_desk.parity.gate.run_worker", run_here)
    assert trained.adapter is not None
    export_adapter(trained.adapter, folder, tmp_path / "adapter.gguf")
    files = [GateFile(label="adapter", gguf=converted, adapter_gguf=tmp_path / "adapter.gguf")]
    questions = ("What is 3 + 1?", "Where will John look?", "naïve 日本語")
    prompts = [[Message("system", "Be brief."), Message("user", text)] for text in questions]
    table = check_files(base=folder, adapter=trained.adapter, files=files, prompts=prompts)
    assert table is not None and table.passed, table
