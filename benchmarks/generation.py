"""Tokens a second of the engine and of the plain `Llama` loop: `python -m benchmarks.generation [--json]`.

The same model file, tasks, strategy instructions, greedy sampling, token limits and threads, one after the
other on the same machine. `Llama` answers one task after another, the tasks in the order that suits it best
(by strategy, so that its own reuse of the last prompt's beginning works), and has the faster of its two
attention kernels, found on the first tasks. Loading is not counted; rendering, reading and writing are.

1. The bundled mini teacher, if it is there.
2. A model of the shape of SmolLM-135M with random weights in Q8_0, made on the spot under `build/`. For it
   the share of the engine's time that is spent inside llama.cpp calls is measured too.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from llama_cpp import Llama

from orca_desk import paths
from orca_desk.machine import usable_cores
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import load_folder
from orca_desk.prompts.messages import Message
from orca_desk.teacher.engine import Completion, Engine, Request
from tests.support.tiny_models import TinyShape, make_tiny

BUILD = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
SMOLLM = TinyShape(width=576, layers=30, heads=9, kv_heads=3, ffn=1536, vocab=49152, context=2048)
TRIAL = 3  # tasks on which each attention kernel of `Llama` is tried

Question = tuple[str, str]  # system message, user message


@dataclass(frozen=True)
class Measured:
    """What one side did."""

    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        """Tokens written a second."""
        return self.tokens / self.seconds


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model, how many tasks it answers, and what the engine should reach."""

    name: str
    tasks: int
    max_tokens: int
    least_speedup: float
    least_native_share: float | None


TEACHER = Case(name="mini teacher", tasks=560, max_tokens=200, least_speedup=3.0, least_native_share=None)
LARGER = Case(name="135M shape", tasks=64, max_tokens=96, least_speedup=1.5, least_native_share=0.9)


class TimedLibrary:
    """The native library with the time spent in its functions added up, for one replica."""

    def __init__(self, library: ModuleType) -> None:
        self._library = library
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._library, name)

        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.perf_counter() - began

        setattr(self, name, timed)
        return timed


def questions(count: int) -> list[Question]:
    """Return bundled tasks of all families under all strategies, as many of each, sorted by strategy."""
    strategies = load_folder(paths.resources() / "strategies")
    rows = [
        json.loads(line)
        for path in sorted((paths.resources() / "tasks").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    spread = rows[:: max(1, len(rows) // count)][:count]
    names = sorted(strategies)
    asked = [(names[place % len(names)], row) for place, row in enumerate(spread)]
    return [
        (strategies[name].instruction, "\n\n".join(filter(None, [row.get("context"), row["query"]])))
        for name, row in sorted(asked, key=lambda pair: pair[0])
    ]


def run_engine(model: Path, asked: list[Question], max_tokens: int) -> tuple[Measured, float]:
    """Return what the engine did, and the share of its replicas' time inside llama.cpp."""
    sampling = Sampling(temperature=0.0, max_tokens=max_tokens)

    def requests(engine: Engine, some: Iterable[Question]) -> Iterator[Request]:
        for place, (system, user) in enumerate(some):
            prompt = engine.renderer.prompt([Message("system", system), Message("user", user)])
            yield Request(
                key=str(place),
                ids=prompt.ids,
                prefix=prompt.prefix,
                sampling=sampling,
                ends=engine.renderer.ends,
            )

    with Engine(model) as engine:
        list(engine.generate(requests(engine, asked[-1:])))  # Learns the template, once a model.
        timed = [TimedLibrary(replica.context.lib) for replica in engine.replicas]
        for replica, library in zip(engine.replicas, timed, strict=True):
            replica.context.lib = library
        began = time.perf_counter()
        results = list(engine.generate(requests(engine, asked)))
        seconds = time.perf_counter() - began
        native = sum(library.seconds for library in timed) / (seconds * len(timed))
    return _measured(
        (result.completion_tokens for result in results if isinstance(result, Completion)),
        seconds,
        len(results),
        len(asked),
    ), native


def run_llama(model: Path, asked: list[Question], max_tokens: int) -> Measured:
    """Return what the plain high-level loop did, with the faster attention kernel."""
    trials = {
        flash: _llama_loop(model, list(islice(asked, TRIAL)), max_tokens, flash).rate
        for flash in (False, True)
    }
    return _llama_loop(model, asked, max_tokens, flash=trials[True] > trials[False])


def _llama_loop(model: Path, asked: list[Question], max_tokens: int, flash: bool) -> Measured:
    threads = usable_cores()
    llama = Llama(
        str(model), n_ctx=0, n_threads=threads, n_threads_batch=threads, flash_attn=flash, verbose=False
    )

    def answer(question: Question, limit: int) -> int:
        system, user = question
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        reply: Any = llama.create_chat_completion(messages, temperature=0.0, max_tokens=limit)  # type: ignore
        return int(reply["usage"]["completion_tokens"])

    try:
        answer(asked[-1], 2)
        began = time.perf_counter()
        tokens = [answer(question, max_tokens) for question in asked]
        return _measured(tokens, time.perf_counter() - began, len(tokens), len(asked))
    finally:
        llama.close()


def _measured(tokens: Iterable[int], seconds: float, answered: int, asked: int) -> Measured:
    if answered != asked:
        raise RuntimeError(f"{answered} answers to {asked} questions")
    return Measured(sum(tokens), seconds)


def measure(case: Case, model: Path) -> dict[str, Any]:
    """Run both sides on one model."""
    asked = questions(case.tasks)
    engine, native = run_engine(model, asked, case.max_tokens)
    llama = run_llama(model, asked, case.max_tokens)
    return {
        "case": asdict(case),
        "threads": usable_cores(),
        "engine": {"tokens": engine.tokens, "seconds": engine.seconds, "tokens_per_second": engine.rate},
        "llama": {"tokens": llama.tokens, "seconds": llama.seconds, "tokens_per_second": llama.rate},
        "speedup": engine.rate / llama.rate,
        "native_share": native,
    }


def show(result: dict[str, Any]) -> None:
    """Print one model's results."""
    case, engine, llama = result["case"], result["engine"], result["llama"]
    print(f"{case['name']}: {case['tasks']} tasks, greedy, {result['threads']} threads")
    for name, side in (("engine", engine), ("Llama loop", llama)):
        print(
            f"  {name:<11}{side['tokens_per_second']:9.1f} tokens/s"
            f"  ({side['tokens']} tokens in {side['seconds']:.1f} s)"
        )
    print(f"  speed-up   {result['speedup']:9.2f}           (at least {case['least_speedup']})")
    least = case["least_native_share"]
    wanted = f"           (over {least:.0%})" if least else ""
    print(f"  in llama.cpp {result['native_share']:7.1%}{wanted}")


def cases() -> Iterator[tuple[Case, Callable[[], Path]]]:
    """Yield what can be measured here, with a way to get the model file."""
    yield TEACHER, lambda: paths.bundled_models() / "mini-teacher" / "mini-teacher.gguf"
    yield LARGER, shape_135m


def shape_135m() -> Path:
    """Return the GGUF file of a model of that shape with random weights, made at the first call."""
    folder = BUILD / "generation-135m-shape"
    model = folder / "model.gguf"
    if not model.is_file():
        # A tokenizer that knows the tasks' words, as SmolLM's does: prompts are then as long as real ones.
        text = "\n".join(f"{system}\n{user}" for system, user in questions(400))
        make_tiny(folder, shape=SMOLLM, dtype="q8_0", text=text)
    return model


def main() -> None:
    """Print the figures; exit status 1 when one is missed."""
    parser = argparse.ArgumentParser(description="Speed of generation against llama-cpp-python's own loop.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    as_json = parser.parse_args().json
    results = []
    for case, find in cases():
        model = find()
        if not model.is_file():
            print(f"{case.name}: skipped, the model is not there ({model.name})", file=sys.stderr)
            continue
        results.append(measure(case, model))
        if not as_json:
            show(results[-1])
    if as_json:
        print(json.dumps(results, indent=2))
    missed = [
        result["case"]["name"]
        for result in results
        if result["speedup"] < result["case"]["least_speedup"]
        or result["native_share"] < (result["case"]["least_native_share"] or 0)
    ]
    if missed:
        sys.exit(f"Missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
