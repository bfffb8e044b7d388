"""Memory that jobs take against what is estimated before they start: `python -m benchmarks.memory [--json]`.

Each job runs in its worker, as from the desktop; measured is the most memory that the worker's process held
(its peak resident set, in which the pages of mapped model files count). The estimate is the one that the
pages show. Exits with 1 where one is off by more than a fifth.

Models: the bundled minis, and models with random weights of the shapes of SmolLM2-135M and Qwen2.5-0.5B, made
on the spot under `build/`.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.training import BUILD, SMOLLM, make_records
from orca_desk.inventory.bundled import mini_student, mini_teacher
from orca_desk.method.records import Sampling
from orca_desk.models.fits import Fit, export_fit, human_bytes, teaching_fit, training_fit
from orca_desk.models.identify import identify
from orca_desk.parity.gate import TOKENS
from orca_desk.processes.host import run_worker
from orca_desk.student.settings import TrainSettings
from tests.support.tiny_adapters import make_adapter
from tests.support.tiny_models import TinyShape, make_tiny

HALF_BILLION = TinyShape(width=896, layers=24, heads=14, kv_heads=2, ffn=4864, vocab=151_936, context=4096)
ALLOWED = 0.2  # of the measured peak
PROMPTS = 4  # compared in an export: more take longer, not more memory
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


@dataclass(frozen=True, kw_only=True)
class Case:
    """A job of a worker, with its requests, and the estimate for it; `prepare` makes what it reads."""

    name: str
    worker: str
    job: dict[str, Any]
    requests: tuple[dict[str, Any], ...] = ()
    estimate: Fit
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a job was estimated to take and what it took, in bytes."""

    name: str
    estimated: int
    measured: int

    @property
    def error(self) -> float:
        """How far the estimate is off, as a share of what was measured; above 0 where it is too high."""
        return self.estimated / self.measured - 1


def cases(folder: Path) -> Iterator[Case]:
    """Yield the jobs; what they write goes to `folder`."""
    yield _teaching("mini teacher", mini_teacher())
    yield _training("mini student", mini_student(), folder, TrainSettings())
    yield _exporting("mini student", mini_student(), folder)
    for name, shape, family in (("135M shape", SMOLLM, "llama"), ("0.5B shape", HALF_BILLION, "qwen2")):
        model = _model(name, shape, family)
        yield _teaching(name, model / "model.gguf")
        yield _exporting(name, model, folder)
        for dtype in ("bfloat16", "float32"):
            for checkpointing in ("off", "on"):
                settings = TrainSettings(
                    batch_tokens=2048, dtype=dtype, gradient_checkpointing=checkpointing, learning_rate=1e-5
                )
                yield _training(f"{name}, {dtype}, checkpointing {checkpointing}", model, folder, settings)


def measure(case: Case) -> Measured:
    """Run a case in a process of its own, whose children's peak is the worker's."""
    case.prepare()
    job = json.dumps({"worker": case.worker, "job": case.job, "requests": case.requests})
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "--run"], input=job, capture_output=True, text=True
    )
    if run.returncode:
        raise SystemExit(f"{case.name}: {run.stderr}")
    return Measured(
        name=case.name, estimated=case.estimate.needed, measured=int(run.stdout.split()[-1]) * UNIT
    )


def run_one() -> None:
    """Run the worker that standard input describes, and print the most memory that it held."""
    case = json.load(sys.stdin)
    run_worker(case["worker"], case["job"], requests=case["requests"], on_events=lambda events: None)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _teaching(name: str, model: Path) -> Case:
    """Answer 64 tasks with the engine as it plans itself."""
    sampling = asdict(Sampling(temperature=0.0, max_tokens=64))
    requests = tuple(
        {
            "key": str(place),
            "messages": [["system", one["system"]], ["user", one["user"]]],
            "sampling": sampling,
        }
        for place, one in enumerate(make_records(64))
    )
    return Case(
        name=f"teaching, {name}",
        worker="teach",
        job={"model": str(model)},
        requests=requests,
        estimate=teaching_fit(identify(model)),
    )


def _training(name: str, base: Path, folder: Path, settings: TrainSettings) -> Case:
    """Train for two full batches."""
    records = folder / "records.jsonl"
    if not records.exists():
        records.write_text("".join(json.dumps(one) + "\n" for one in make_records(40)))
    chosen = settings.to_dict() | {"epochs": 1, "eval_fraction": 0.0}
    out = folder / name.replace(" ", "-").replace(",", "")
    return Case(
        name=f"training, {name}",
        worker="train",
        job={"base": str(base), "records": str(records), "out": str(out), "settings": chosen},
        estimate=training_fit(identify(base), settings),
    )


def _exporting(name: str, base: Path, folder: Path) -> Case:
    """Compare a merged file with what was trained: no other part of an export holds as much."""
    adapter = folder / f"export-{name.replace(' ', '-')}"
    merged, served = adapter / "merged.gguf", adapter / "served.npz"
    asked = [[["system", one["system"]], ["user", one["user"]]] for one in make_records(PROMPTS)]

    def prepare() -> None:
        make_adapter(adapter, base, rank=TrainSettings().rank, strength=0.02)
        parts = {"folder": str(base), "adapter": str(adapter), "out": str(merged)}
        run_worker("merge", parts | {"dtype": "f16", "keys": {}}, on_events=lambda events: None)
        serving = {"gguf": str(merged), "adapter_gguf": None, "tokens": TOKENS, "out": str(served)}
        run_worker("parity-served", serving | {"conversations": asked}, on_events=lambda events: None)

    file = {"label": "merged", "gguf": str(merged), "whole": True, "served": str(served)}
    return Case(
        name=f"exporting, {name}",
        worker="parity-reference",
        job={"base": str(base), "adapter": str(adapter), "conversations": asked, "files": [file]},
        estimate=export_fit(identify(base)),
        prepare=prepare,
    )


def _model(name: str, shape: TinyShape, family: str) -> Path:
    folder = BUILD / f"memory-{name.replace(' ', '-').lower()}"
    if not (folder / "model.gguf").is_file():
        make_tiny(
            folder,
            family,
            shape=shape,
            dtype="q8_0",
            text="\n".join(one["user"] for one in make_records(400)),
        )
    return folder


def main() -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(description="Memory of jobs against the estimates.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_one()
        return 0
    found = []
    with tempfile.TemporaryDirectory(prefix="orca-desk-memory-") as folder:
        for case in cases(Path(folder)):
            if options.only in case.name:
                found.append(measure(case))
                if not options.json:
                    show(found[-1])
    if options.json:
        print(json.dumps([asdict(one) | {"error": one.error} for one in found], indent=2))
    return int(any(abs(one.error) > ALLOWED for one in found))


def show(one: Measured) -> None:
    """Print a line."""
    mark = "" if abs(one.error) <= ALLOWED else "  too far off"
    sizes = f"{human_bytes(one.estimated):>10} {human_bytes(one.measured):>10}"
    print(f"{one.name:55} {sizes} {one.error:+7.0%}{mark}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
