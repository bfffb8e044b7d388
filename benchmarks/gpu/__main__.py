"""Training and generation on a GPU, in at most 8 minutes: `python -m benchmarks.gpu [--json] [--out FOLDER]`.

Each section runs in a process of its own. It has its share of the time, and of what those before it left; one
that fails or is cut off is reported with what it had found, and the rest goes on. Results, logs and models
are kept in FOLDER (`build/benchmarks/gpu`), the results in gpu.json, written after each section. Without a
GPU the same sections run on the CPU with small models (the bundled student stands for SmolLM2), and the
figures for devices stay open.

- speed: the machine, and the peak of its matrix products by number format
- ours-*, trl-*: LoRA training of SmolLM2-135M (or random weights of its shape) and of random weights of a
  1.5B shape: tokens/s, memory and share of the measured peak, by Orca Desk and by TRL's SFTTrainer in its
  fastest of some settings (rows or packing, Liger Kernel, FlexAttention, torch.compile). Both train the same
  tokens and masks in the same number format, with the same adapter, optimizer and tokens a step.
- generation: our engine against llama.cpp's own server (`llama-server`, if it is found, else xllamacpp)
- ours-cpu: our training of the same small model on this machine's CPU
- resume: a training that is killed and resumed, against one that is not
- parity: whether llama.cpp serves what was trained on the device

On a GPU, install first: trl, liger-kernel, and llama.cpp built for it (python -m orca_desk.install).
"""

import argparse
import json
from pathlib import Path

from benchmarks.gpu.budget import BUDGET, SHARES, run_all
from benchmarks.gpu.sections import run
from benchmarks.gpu.sizes import BUILD
from benchmarks.gpu.tables import show


def main() -> None:
    """Run the sections, or with `--section` one of them, in this process."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description="Training and generation on a GPU."
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--out", type=Path, default=BUILD / "gpu", help="folder for results, logs and models")
    parser.add_argument("--seconds", type=float, default=BUDGET, help=f"for all sections ({BUDGET:.0f})")
    parser.add_argument("--only", nargs="*", choices=list(SHARES), help="run these sections alone")
    parser.add_argument("--section", choices=list(SHARES), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.section:
        run(asked.section, asked.out, asked.seconds)
        return
    results = run_all(asked.out, asked.seconds, asked.only or list(SHARES))
    if asked.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)
        print(f"\nAll figures: {asked.out / 'gpu.json'}; logs beside it.")


if __name__ == "__main__":
    main()
