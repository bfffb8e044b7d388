"""What keys and values in 8 bits change: `python -m benchmarks.cache_types [GGUF...] [--json]`.

Answers the bundled held-out tasks greedily with keys and values in F16 and in Q8_0, on the CPU or the chosen
device. *Same next token* reads F16's answers with Q8_0 and counts the tokens that it would have written too;
*same answers* lets both write by themselves.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from orca_desk.library.samples import sample_tasks
from orca_desk.machine.choice import CACHE_VARIABLE
from orca_desk.method.records import Sampling, Task
from orca_desk.paths import bundled_models, resources
from orca_desk.prompts.messages import Message
from orca_desk.teacher.engine import Completion, Engine, Request

TEACHER = bundled_models() / "mini-teacher" / "mini-teacher.gguf"
SYSTEM = "Think step by step, then give the answer."
Ids = tuple[int, ...]


def answer(model: Path, tasks: Sequence[Task], tokens: int, kind: str) -> tuple[list[Ids], list[Ids]]:
    """Return the prompts and the greedy answers."""
    os.environ[CACHE_VARIABLE] = kind
    with Engine(model, batch=8, context=1024) as engine:
        prompts = [
            engine.renderer.prompt([Message("system", SYSTEM), Message("user", task.user_text)]).ids
            for task in tasks
        ]
        sampling = Sampling(temperature=0.0, max_tokens=tokens)
        requests = [
            Request(key=f"{n}", ids=ids, prefix=0, sampling=sampling, ends=engine.renderer.ends)
            for n, ids in enumerate(prompts)
            if len(ids) + tokens <= engine.context
        ]
        found = {one.key: one.ids for one in engine.generate(requests) if isinstance(one, Completion)}
    return prompts, [found.get(f"{n}", ()) for n in range(len(prompts))]


def same_next(model: Path, prompts: Sequence[Ids], answers: Sequence[Ids]) -> int:
    """Return how many tokens of `answers` are those that Q8_0 finds likeliest in their places."""
    os.environ[CACHE_VARIABLE] = "q8_0"
    same = 0
    with Engine(model, batch=8, context=1024) as engine:
        for prompt, written in zip(prompts, answers, strict=True):
            if written:
                best = engine.logits(prompt + written).argmax(axis=1)[len(prompt) - 1 : -1]
                same += int((best == written).sum())
    return same


def measure(model: Path, count: int, tokens: int) -> dict[str, object]:
    """Return the shares for `count` tasks."""
    tasks = [task for task in sample_tasks(resources() / "tasks") if task.split == "heldout"]
    tasks = tasks[:: max(1, len(tasks) // count)][:count]
    prompts, exact = answer(model, tasks, tokens, "f16")
    _, packed = answer(model, tasks, tokens, "q8_0")
    total = sum(map(len, exact))
    return {
        "model": model.name,
        "tokens": total,
        "same_next_token": same_next(model, prompts, exact) / total,
        "same_answers": sum(a == b for a, b in zip(exact, packed, strict=True)) / len(exact),
        "answers": len(exact),
    }


def main() -> None:
    """Measure every model and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=Path, help="GGUF files (the bundled teacher)")
    parser.add_argument("--tasks", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=96, help="longest answer")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    rows = [measure(model, chosen.tasks, chosen.tokens) for model in chosen.models or [TEACHER]]
    if chosen.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['model']}: {row['same_next_token']:.2%} of {row['tokens']:,} tokens the same, "
            f"{row['same_answers']:.1%} of {row['answers']} answers"
        )


if __name__ == "__main__":
    main()
