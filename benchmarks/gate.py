"""What rounding explains and what a fault does, by format: `python -m benchmarks.gate [--real] [--json]`.

For each family a random model of three layers, with random adapters from weak to strong, is merged, written
in every format and put through the gate, and so is each with one fault: the adapter left out, at another
scale, or missing in one layer; rows in another order; a norm off; a layer of zeros. The limits in
`orca_desk/parity/limits.py` lie between the two. `--real` takes the bundled real student instead.

The gate's own verdict is printed beside the figures, so that it also tells what the limits let pass.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from orca_desk.inventory.bundled import real_student
from orca_desk.parity.gate import GateFile, check_files
from orca_desk.parity.table import GateRow
from orca_desk.prompts.messages import Message
from orca_desk.student.convert import write_gguf
from orca_desk.student.from_gguf import write_folder
from orca_desk.student.gguf_file import Dtype
from orca_desk.teacher.quantise import quantise
from tests.support.tiny_models import TEXT, make_tiny

FORMATS = ("f16", "bf16", "q8_0", "q6_k", "q5_k_m", "q4_k_m")
STRENGTHS = (0.05, 0.3, 1.0)
TYPES = (
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma2",
    "gemma3_text",
    "phi3",
    "smollm3",
    "granite",
    "olmo2",
)
SIZES = {
    "vocab_size": 512,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "max_position_embeddings": 2048,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
MORE: dict[str, dict[str, Any]] = {
    "mistral": {"sliding_window": None},
    "gemma2": {"query_pre_attn_scalar": 64, "sliding_window": 64},
    "gemma3_text": {"query_pre_attn_scalar": 64, "sliding_window": 64},
    "phi3": {"sliding_window": None},
    "granite": {"embedding_multiplier": 4.0, "residual_multiplier": 0.5, "logits_scaling": 2.0},
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A student: its folder, its GGUF file of some type, and PEFT adapters by their strength."""

    name: str
    folder: Path
    gguf: Path
    adapters: dict[str, Path]
    dtype: Dtype = "f32"


def make(model_type: str, out: Path) -> None:
    """Write a random model and its adapters; runs in a process of its own, as torch does everywhere."""
    import torch
    import transformers

    from tests.support.torch_models import randomise

    torch.manual_seed(0)
    folder = out / "model"
    config = transformers.AutoConfig.for_model(model_type, **SIZES | MORE.get(model_type, {}))
    model = transformers.AutoModelForCausalLM.from_config(config)
    randomise(model, 1.0)
    model.save_pretrained(folder)
    adapt(out)


def adapt(out: Path) -> None:
    """Write random adapters for the model in `out`, from weak to strong; in a process of its own too."""
    import torch
    from peft import LoraConfig, get_peft_model

    from orca_desk.student.torch.model import load_base
    from tests.support.torch_models import randomise

    torch.manual_seed(1)
    model = load_base(out / "model", "float32")
    for strength in STRENGTHS:
        tuned = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules="all-linear"))
        randomise(tuned, strength, only="lora_B")
        tuned.save_pretrained(out / f"adapter-{strength:g}")
        model = tuned.unload()


def random_subject(model_type: str, out: Path) -> Subject:
    """Return a random student of a family, with the tokenizer of a tiny one."""
    subprocess.run([sys.executable, "-m", "benchmarks.gate", "--make", model_type, str(out)], check=True)
    made = make_tiny(out / "tokenizer", "qwen2" if model_type.startswith("qwen") else "llama")
    folder = out / "model"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(made.folder / name, folder)
    write_gguf(folder, out / "base.gguf", dtype="f32")
    adapters = {f"{strength:g}": out / f"adapter-{strength:g}" for strength in STRENGTHS}
    return Subject(name=model_type, folder=folder, gguf=out / "base.gguf", adapters=adapters)


def real_subject(out: Path) -> Subject:
    """Return the bundled real student, unpacked, with random adapters."""
    source = real_student()
    if source is None:
        raise SystemExit("The real student is not installed.")
    write_folder(source, out / "model")
    subprocess.run([sys.executable, "-m", "benchmarks.gate", "--adapt", str(out)], check=True)
    write_gguf(out / "model", out / "base.gguf", dtype="f16")
    adapters = {f"{strength:g}": out / f"adapter-{strength:g}" for strength in STRENGTHS}
    return Subject(name="real", folder=out / "model", gguf=out / "base.gguf", adapters=adapters, dtype="f16")


def check(
    subject: Subject, strength: str, work: Path, *, faults: bool, formats: list[str]
) -> Iterator[GateRow]:
    """Yield a row for each format and, with `faults`, for each fault in each format."""
    adapter = subject.adapters[strength]
    merged = work / "merged.gguf"
    write_gguf(subject.folder, merged, dtype=subject.dtype, adapter=adapter)
    files = []
    for fault in ("", *FAULTS) if faults else ("",):
        source = work / f"{fault or 'whole'}.gguf"
        if fault:
            shutil.copy(merged, source)
            FAULTS[fault](source, subject.gguf)
        else:
            source = merged
        for kind in formats:
            out = work / f"{fault or 'whole'}-{kind}.gguf"
            quantise(source, out, kind)
            files.append(GateFile(label=f"{kind} {fault}".strip(), gguf=out))
    table = check_files(base=subject.folder, adapter=adapter, files=files, prompts=prompts())
    assert table is not None
    yield from table.rows


def leave_out(path: Path, base: Path) -> None:
    """Leave the adapter out."""
    shutil.copy(base, path)


def rescale(path: Path, base: Path) -> None:
    """Add the adapter at 1.5 times its scale."""
    whole, plain = gguf.GGUFReader(path, "r+"), gguf.GGUFReader(base)
    for tensor, other in zip(whole.tensors, plain.tensors, strict=True):
        tensor.data[:] += 0.5 * (tensor.data - other.data)
    whole.data.flush()


def leave_out_of_one(path: Path, base: Path) -> None:
    """Leave the adapter out of one layer."""
    whole, plain = gguf.GGUFReader(path, "r+"), gguf.GGUFReader(base)
    for tensor, other in zip(whole.tensors, plain.tensors, strict=True):
        if tensor.name == "blk.1.ffn_down.weight":
            tensor.data[:] = other.data
    whole.data.flush()


def _change(part: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Path, Path], None]:
    def apply(path: Path, base: Path) -> None:
        reader = gguf.GGUFReader(path, "r+")
        for tensor in reader.tensors:
            if tensor.name == f"blk.1.{part}.weight":
                tensor.data[:] = change(np.array(tensor.data))
        reader.data.flush()

    return apply


def _interleave(rows: NDArray[Any]) -> NDArray[Any]:
    """Pair the halves of the first head, or of the first 64 rows: the mistake of a wrong row order."""
    changed = rows.copy()
    changed[:64] = rows[:64].reshape(2, 32, -1).swapaxes(0, 1).reshape(64, -1)
    return changed


FAULTS: dict[str, Callable[[Path, Path], None]] = {
    "without adapter": leave_out,
    "1.5 x adapter": rescale,
    "without it in a layer": leave_out_of_one,
    "rows of one head": _change("attn_output", _interleave),
    "a norm + 1": _change("ffn_norm", lambda values: values + 1),
    "a zero layer": _change("ffn_down", np.zeros_like),
}


def prompts() -> list[list[Message]]:
    """Return conversations of different lengths."""
    lines = TEXT.splitlines()
    return [[Message("system", "Answer."), Message("user", line)] for line in lines]


def print_row(subject: str, strength: str, row: GateRow) -> None:
    """Print the figures of one file."""
    share, weights = row.unequal / max(1, row.tokens), row.weights
    figures = {
        "largest": row.largest,
        "typical": row.typical,
        "kl": row.divergence,
        "unequal": share,
        "effect": row.effect_typical,
        "strength": row.strength,
        "rounding": weights and weights.rounding,
        "beyond": weights and weights.layer_beyond,
    }
    texts = " ".join(f"{name} {-1.0 if value is None else value:7.4f}" for name, value in figures.items())
    tensor = f"{weights.tensor} {weights.layer}" if weights else ""
    print(f"{subject:11} {strength:>4} {row.label:24} {texts} {row.finding}  {tensor}", flush=True)


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", nargs=2, metavar=("TYPE", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--adapt", help=argparse.SUPPRESS)
    parser.add_argument("--real", action="store_true", help="the bundled real student alone")
    parser.add_argument("--only", nargs="*", default=TYPES)
    parser.add_argument("--formats", nargs="*", default=list(FORMATS))
    parser.add_argument("--strengths", nargs="*", default=[f"{strength:g}" for strength in STRENGTHS])
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.make:
        make(options.make[0], Path(options.make[1]))
        return
    if options.adapt:
        adapt(Path(options.adapt))
        return
    found = []
    for model_type in ["real"] if options.real else options.only:
        with tempfile.TemporaryDirectory() as name:
            out = Path(name)
            subject = real_subject(out) if options.real else random_subject(model_type, out)
            for strength in options.strengths:
                for row in check(
                    subject, strength, Path(name), faults=not options.no_faults, formats=options.formats
                ):
                    found.append({"model": subject.name, "strength": strength, "row": asdict(row)})
                    if not options.json:
                        print_row(subject.name, strength, row)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
