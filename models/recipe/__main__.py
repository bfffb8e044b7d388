"""Make the mini models: `python -m models.recipe` (all of it), or `train NAME` for one model alone.

Work in progress is stored in build/minis: an interrupted run resumes from its last checkpoint.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from models.recipe import cards, evaluation, export, tasks, training
from models.recipe.minis import BASE, BUILD, MINIS, RANKS, SEED, STUDENT, TEACHER, Mini, newborn, tokenizer
from models.recipe.model import Llama
from models.recipe.samples import CAUTIOUS, Writer

ROOT = Path(__file__).resolve().parents[2]
QUICK_PROBLEMS = 16
PORT = "29517"
# glibc gives large blocks back to the system at once and has them zeroed anew at every step.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TRIM_THRESHOLD_": str(2**33),
    "MALLOC_TOP_PAD_": str(2**28),
}


def main() -> None:
    """Make both minis and the sample tasks, or train one."""
    parser = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("all", "train", "publish"), default="all")
    parser.add_argument("name", nargs="?", choices=tuple(MINIS), help="the model to train")
    arguments = parser.parse_args()
    if arguments.command == "train":
        if not arguments.name:
            parser.error("say which model to train")
        train(MINIS[arguments.name])
        return
    if arguments.command == "all":
        train_all()
    publish()


def train_all() -> None:
    """Train the base with two processes, then teacher and student from it, side by side."""
    ranks = 1 if torch.cuda.is_available() else RANKS
    _run([_rank(BASE.name, rank, ranks) for rank in range(ranks)])
    _run([_rank(mini.name, 0, 1) for mini in (TEACHER, STUDENT)])


def _rank(name: str, rank: int, ranks: int) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of one training process."""
    command = [sys.executable, "-m", "models.recipe", "train", name]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": PORT, "RANK": str(rank), "WORLD_SIZE": str(ranks)}
    return command, {**os.environ, **KEEP_MEMORY, **meeting}


def _run(processes: list[tuple[list[str], dict[str, str]]]) -> None:
    children = [subprocess.Popen(command, cwd=ROOT, env=environment) for command, environment in processes]
    codes = [child.wait() for child in children]
    if any(codes):
        sys.exit("A training failed; its messages are above. The same command resumes where it stopped.")


def train(mini: Mini) -> None:
    """Train one model, or resume it; its checkpoints and log are in build/minis/NAME.

    As one of several processes, when the environment says so (RANK, WORLD_SIZE).
    """
    torch.set_num_threads(1)
    rank, ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
    folder = BUILD / mini.name
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(tokenizer())
    ways = evaluation.quick_ways(mini.name, writer)
    parent = trained(MINIS[mini.parent])[0] if mini.parent else None

    def look(model: Llama) -> evaluation.Table:
        return evaluation.measure(model, ways, writer, SEED, QUICK_PROBLEMS)

    training.train(newborn(mini, parent), mini.samples(writer, f"{SEED} {rank}"), mini.plan, folder, look)


def publish() -> None:
    """Evaluate and export both minis from their checkpoints, write their cards and the sample tasks."""
    writer = Writer(tokenizer())
    base = trained(BASE)[1]
    for mini in (TEACHER, STUDENT):
        model, totals = trained(mini)
        folder = BUILD / mini.name / "huggingface"
        export.write_folder(model, writer.tokenizer, folder)
        out = ROOT / "models" / mini.name
        out.mkdir(parents=True, exist_ok=True)
        if mini is STUDENT:
            shutil.copytree(folder, out, dirs_exist_ok=True)
        export.write_gguf_file(folder, out / f"{mini.name}.gguf")
        ways = evaluation.teacher_ways(writer) if mini is TEACHER else evaluation.student_ways(writer)
        table = evaluation.measure(model, ways, writer, SEED)
        (BUILD / mini.name / "accuracy.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
        example = evaluation.worked_example(model, writer, CAUTIOUS)
        card = cards.card(mini, model, base, totals, table, example)
        (out / "README.md").write_text(card, encoding="utf-8")
    tasks.write_tasks(ROOT / "resources" / "tasks", SEED)


def trained(mini: Mini) -> tuple[Llama, dict[str, float]]:
    """Return a mini from its checkpoint, with its totals: steps, tokens read and trained, seconds."""
    stored = torch.load(BUILD / mini.name / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = Llama(mini.shape)
    model.load_state_dict(stored["model"])
    return model, stored["totals"]


if __name__ == "__main__":
    main()
