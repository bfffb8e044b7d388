"""Training by TRL's SFTTrainer: some settings are tried for a few steps, then the fastest is measured."""

import importlib.util
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gpu.bases import base_of
from benchmarks.gpu.sections import Section
from benchmarks.gpu.shared import records, settings
from benchmarks.gpu.timed import Timed, forget
from benchmarks.training import tokenised

NOT_INSTALLED = "TRL is not installed: pip install -c constraints.txt -e '.[benchmark]'"
WARM_COMPILED = 3  # steps: the first two compile


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to run TRL; `attention` names an implementation of transformers."""

    packing: bool = False
    liger: bool = False
    compiles: bool = False
    attention: str = "sdpa"

    @property
    def title(self) -> str:
        """What the table calls it."""
        parts = {"Liger": self.liger, "compiled": self.compiles, self.attention: self.attention != "sdpa"}
        first = "packing" if self.packing else "rows by length"
        return ", ".join([first, *(name for name, is_on in parts.items() if is_on)])


def ways(is_gpu: bool) -> list[Way]:
    """Return the ways to try, those first that are most likely the fastest."""
    plain = [Way(), Way(packing=True)]
    if not is_gpu:
        return plain
    if importlib.util.find_spec("flash_attn"):
        plain.insert(0, Way(packing=True, attention="flash_attention_2"))
    liger = [Way(packing=one.packing, attention=one.attention, liger=True) for one in plain]
    flex = Way(packing=True, liger=True, attention="flex_attention")
    compiled = [Way(packing=one.packing, attention=one.attention, compiles=True) for one in plain]
    return [*liger, *plain, flex, *compiled]


def measure(section: Section, size: str) -> None:
    """Measure the model of a size, "smollm" or "1.5b"."""
    if importlib.util.find_spec("trl") is None:
        section.note(ways={"not measured": {"failed": NOT_INSTALLED}})
        return
    base, results, rates = base_of(section, size), dict[str, Any](), dict[Way, float]()
    longest = 0.0
    for way in ways(section.scale.is_gpu):
        # There must be time for this trial and for the measurement after it, which loads the model too.
        if section.left < 2 * longest + section.scale.seconds:
            results[f"{way.title} (tried)"] = {"failed": "not tried: no time is left"}
            continue
        began = time.monotonic()
        found = _safely(section, base, way, section.scale.trial_steps)
        longest = max(longest, time.monotonic() - began)
        results[f"{way.title} (tried)"] = found
        if "failed" not in found:
            rates[way] = found["tokens_per_second"]
        section.note(ways=results)
    if rates:
        best = max(rates, key=rates.__getitem__)
        results[best.title] = _safely(section, base, best, 0)
    section.note(ways=results)


def _safely(section: Section, base: Path, way: Way, steps: int) -> dict[str, Any]:
    try:
        return _train(section, base, way, steps)
    except Exception as error:  # whatever TRL, torch, a driver or a compiler raises
        return {"failed": f"{type(error).__name__}: {error}"[:300]}
    finally:
        forget()


def _train(section: Section, base: Path, way: Way, steps: int) -> dict[str, Any]:
    import datasets
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    chosen, on_cpu = settings(section.scale), not section.scale.is_gpu
    warm = WARM_COMPILED if way.compiles or way.attention == "flex_attention" else 1 if steps else 2
    timed = Timed(section.scale.seconds, warm=warm, steps=steps)
    tokens: Any = 0
    trained: Any = 0

    class Counting(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
            nonlocal tokens, trained
            mask = inputs.get("attention_mask")
            # Not read here: that would wait for the device.
            tokens = inputs["input_ids"].numel() if mask is None else mask.sum()
            trained = (inputs["labels"][:, 1:] != -100).sum()
            return super().training_step(model, inputs, *rest, **named)

    class Listener(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            timed.step(tokens, trained)
            control.should_training_stop = control.should_training_stop or timed.is_over
            return control

    rows = tokenised(base, records(section, section.scale.records))
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Counting(
            model=AutoModelForCausalLM.from_pretrained(
                base, dtype=getattr(torch, chosen.dtype), attn_implementation=way.attention
            ),
            processing_class=AutoTokenizer.from_pretrained(base),
            train_dataset=datasets.Dataset.from_list(rows),
            peft_config=LoraConfig(
                r=chosen.rank, lora_alpha=chosen.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
            ),
            callbacks=[Listener()],
            args=SFTConfig(
                output_dir=folder,
                num_train_epochs=chosen.epochs,
                per_device_train_batch_size=1 if way.packing else max(1, round(chosen.batch_tokens / mean)),
                packing=way.packing,
                max_length=chosen.batch_tokens if way.packing else None,
                train_sampling_strategy="random" if way.packing else "group_by_length",
                use_liger_kernel=way.liger,
                torch_compile=way.compiles,
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
    return timed.result(base) | {"dtype": chosen.dtype, "attention": way.attention}
