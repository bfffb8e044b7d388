"""Files with a fault planted in them: the gate lets none pass, in no format, and says what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gate_here import run_here
from tiny_adapters import make_adapter
from tiny_models import CHATML, TinyModel, TinyShape, make_tiny

from orca_desk.parity.gate import GateFile, check_files
from orca_desk.parity.table import GateFinding, GateRow
from orca_desk.prompts.messages import Message
from orca_desk.student.convert import write_gguf
from orca_desk.teacher.quantise import quantise

pytestmark = pytest.mark.slow
FORMATS = ("f16", "q4_k_m")
QUESTIONS = ("Where will John look?", "Add 12 and 30.", "Which town is first?")
END = "<stop>"  # a name that llama.cpp doesn't know: it stops there only because the file says so


def set_key(path: Path, key: str, change: Callable[[np.ndarray], Any]) -> None:
    """Change a value of a file's header in place."""
    reader = gguf.GGUFReader(path, "r+")
    found = reader.get_field(key)
    assert found is not None
    for index in found.data:
        found.parts[index][:] = change(found.parts[index])
    reader.data.flush()


def set_tensor(path: Path, name: str, change: Callable[[np.ndarray], Any]) -> None:
    """Change the values of an unquantised tensor in place."""
    reader = gguf.GGUFReader(path, "r+")
    (tensor,) = (tensor for tensor in reader.tensors if tensor.name == name)
    tensor.data[:] = change(np.array(tensor.data))
    reader.data.flush()


def swap_words(path: Path) -> None:
    """Exchange the texts of two tokens."""
    reader = gguf.GGUFReader(path, "r+")
    found = reader.get_field("tokenizer.ggml.tokens")
    assert found is not None
    texts = {bytes(found.parts[index]): found.parts[index] for index in found.data}
    texts[b"o"][:], texts[b"e"][:] = ord("e"), ord("o")
    reader.data.flush()


def end_elsewhere(path: Path) -> None:
    for name in ("eos", "eot"):
        set_key(path, f"tokenizer.ggml.{name}_token_id", lambda value: 0)


def other_template(path: Path) -> None:
    def change(text: np.ndarray) -> np.ndarray:
        return np.frombuffer(bytes(text).replace(b"assistant", b"assistent"), np.uint8)

    set_key(path, "tokenizer.chat_template", change)


def pair_rows(rows: np.ndarray) -> np.ndarray:
    """Order rows as for a model whose rotary embedding pairs neighbours."""
    return rows.reshape(4, 2, -1, rows.shape[-1]).swapaxes(1, 2).reshape(rows.shape)


FAULTS: dict[str, tuple[Callable[[Path], None], set[GateFinding]]] = {
    "tokens": (swap_words, {GateFinding.PROMPTS_DIFFER}),
    "template": (other_template, {GateFinding.PROMPTS_DIFFER}),
    "end": (end_elsewhere, {GateFinding.END_UNKNOWN}),
    "rows": (
        lambda path: set_tensor(path, "blk.1.attn_q.weight", pair_rows),
        {GateFinding.WEIGHTS_DIFFER},
    ),
    "norm": (
        lambda path: set_tensor(path, "blk.0.ffn_norm.weight", lambda values: values + 1),
        {GateFinding.WEIGHTS_DIFFER},
    ),
    "rope": (
        lambda path: set_key(path, "llama.rope.freq_base", lambda value: 100.0),
        {GateFinding.DIFFERS},
    ),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    folder = tmp_path_factory.mktemp("faults") / "model"
    shape = TinyShape(width=256, ffn=256, layers=2)
    template = CHATML.replace("<|im_end|>", END)
    made = make_tiny(folder, shape=shape, template=template, more=(END,))
    tokens = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    end = next(token["id"] for token in tokens if token["content"] == END)
    for name, key, value in (
        ("config.json", "eos_token_id", end),
        ("tokenizer_config.json", "eos_token", END),
    ):
        content = json.loads((folder / name).read_text()) | {key: value}
        (folder / name).write_text(json.dumps(content))
    write_gguf(folder, made.gguf, dtype="f32")
    return made


@pytest.fixture(scope="module")
def rows(model: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], GateRow]:
    """The row of each fault in each format; the fault "" is none."""
    folder = tmp_path_factory.mktemp("files")
    adapter = make_adapter(folder / "adapter", model.folder, strength=0.1)
    merged = folder / "merged.gguf"
    write_gguf(model.folder, merged, dtype="f32", adapter=adapter)
    twice = make_adapter(folder / "twice", model.folder, strength=0.1, lora_alpha=8 * 1.25)
    write_gguf(model.folder, folder / "strong.gguf", dtype="f32", adapter=twice)
    sources = {"": merged, "nil": model.gguf, "strong": folder / "strong.gguf"}
    for name, (plant, _) in FAULTS.items():
        sources[name] = folder / f"{name}.gguf"
        shutil.copy(merged, sources[name])
        plant(sources[name])
    files = []
    for name, source in sources.items():
        for kind in FORMATS:
            out = folder / f"{name}-{kind}.gguf"
            quantise(source, out, kind)
            files.append(GateFile(label=f"{name} {kind}", gguf=out))
    prompts = [[Message("system", "Answer."), Message("user", text)] for text in QUESTIONS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orca_desk.parity.gate.run_worker", run_here)
        table = check_files(base=model.folder, adapter=adapter, files=files, prompts=prompts)
    assert table is not None and len(table.rows) == len(files)
    return {(row.label.rpartition(" ")[0], row.label.rpartition(" ")[2]): row for row in table.rows}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_without_fault_passes(rows: dict[tuple[str, str], GateRow], kind: str) -> None:
    row = rows["", kind]
    assert row.passed, row
    assert row.quantised is (kind != "f16")
    assert row.strength == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_named(rows: dict[tuple[str, str], GateRow], fault: str, kind: str) -> None:
    row = rows[fault, kind]
    assert row.finding in FAULTS[fault][1], row


@pytest.mark.parametrize("kind", FORMATS)
def test_a_missing_and_a_stronger_adapter_are_found(rows: dict[tuple[str, str], GateRow], kind: str) -> None:
    assert rows["nil", kind].finding is GateFinding.NO_EFFECT_IN_LLAMA_CPP
    assert rows["nil", kind].strength == pytest.approx(0.0, abs=0.02)
    assert rows["strong", kind].finding is GateFinding.WRONG_STRENGTH
    assert rows["strong", kind].strength == pytest.approx(1.25, abs=0.02)
