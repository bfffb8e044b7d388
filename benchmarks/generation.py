"""Tokens a second of the engine against its peers: `python -m benchmarks.generation [--json]`.

The peers are llama.cpp's own server, which batches too (xllamacpp's build, with the best of several
settings), and the plain `Llama` loop, which answers one task after another and has the faster of its
attention kernels. All have the same model file, tasks, strategy instructions, greedy sampling, token limits
and threads. The tasks come by strategy, so that the peers can reuse the beginning of a prompt. Loading is not
counted. Rounds alternate, and the best of each side counts, as other programs disturb single rounds. How many
answers of the server are the engine's, token for token, is printed: the builds add in other orders, and the
engine unpacks quantised weights to 16 bits (`teacher/unpacked.py`), so near-ties differ. The server with the
unpacked file is measured too, to tell what comes from that.

1. The bundled mini teacher, if it is there.
2. SmolLM2-135M-Instruct as it is installed (Q4_1), if it is there.
3. A model of that shape with random weights in Q8_0, made on the spot under `build/`. For it the share of the
   engine's time that is spent inside llama.cpp calls is measured too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from benchmarks.peers import Ids, Measured, Question, best_server, in_child, run_loop, run_server
from orca_desk import paths
from orca_desk.inventory.bundled import mini_teacher, real_student
from orca_desk.machine import usable_cores
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import load_folder
from orca_desk.prompts.messages import Message
from orca_desk.teacher.engine import Completion, Engine, Request
from orca_desk.teacher.unpacked import is_packed, unpack
from tests.support.tiny_models import TinyShape, make_tiny

BUILD = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
SMOLLM = TinyShape(width=576, layers=30, heads=9, kv_heads=3, ffn=1536, vocab=49152, context=2048)
ROUNDS = 2
SERVER, UNPACKED, LOOP = "llama.cpp's server", "... unpacked to F16", "`Llama` loop"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model, how many tasks it answers, and by what factor the engine should be faster than which peer."""

    name: str
    tasks: int
    max_tokens: int
    least: dict[str, float]
    least_native_share: float | None = None


TEACHER = Case(name="mini teacher", tasks=560, max_tokens=200, least={SERVER: 3.0, LOOP: 3.0})
REAL = Case(name="SmolLM2-135M", tasks=48, max_tokens=96, least={SERVER: 1.4})
LARGER = Case(name="135M shape", tasks=64, max_tokens=96, least={LOOP: 1.5}, least_native_share=0.9)


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


@dataclass(frozen=True)
class EngineRun:
    """What the engine did, from which prompts; `native` is its replicas' share of time inside llama.cpp."""

    measured: Measured
    native: float
    prompts: tuple[Ids, ...]
    ends: frozenset[int]
    version: str
    batch: int


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


def run_engine(model: Path, asked: Sequence[Question], max_tokens: int) -> EngineRun:
    """Return what the engine did, rendering included."""
    sampling = Sampling(temperature=0.0, max_tokens=max_tokens)
    prompts: list[Ids] = []

    def requests(engine: Engine, some: Iterable[Question]) -> Iterator[Request]:
        for place, (system, user) in enumerate(some):
            prompt = engine.renderer.prompt([Message("system", system), Message("user", user)])
            prompts.append(prompt.ids)
            yield Request(
                key=str(place),
                ids=prompt.ids,
                prefix=prompt.prefix,
                sampling=sampling,
                ends=engine.renderer.ends,
            )

    with Engine(model, unpacks=True) as engine:
        list(engine.generate(requests(engine, asked[-1:])))  # Learns the template, once a model.
        prompts.clear()
        timed = [TimedLibrary(replica.context.lib) for replica in engine.replicas]
        for replica, library in zip(engine.replicas, timed, strict=True):
            replica.context.lib = cast(ModuleType, library)
        began = time.perf_counter()
        results = list(engine.generate(requests(engine, asked)))
        seconds = time.perf_counter() - began
        native = sum(library.seconds for library in timed) / (seconds * len(timed))
        found = {int(result.key): result.ids for result in results if isinstance(result, Completion)}
        if len(found) != len(asked):
            raise RuntimeError(f"{len(found)} answers to {len(asked)} questions")
        return EngineRun(
            measured=Measured(seconds, tuple(found[place] for place in sorted(found))),
            native=native,
            prompts=tuple(prompts),
            ends=engine.renderer.ends,
            version=engine.version,
            batch=engine.batch,
        )


def measure(case: Case, model: Path, *, rounds: int, loop: bool) -> dict[str, Any]:
    """Run all sides on one model, in turns."""
    asked = questions(case.tasks)
    engines = [in_child(run_engine, model, asked, case.max_tokens)]
    prompts, ends = engines[0].prompts, engines[0].ends
    settings = best_server(model, prompts, ends)
    peers: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as folder:
        servers = {SERVER: model}
        if is_packed(model):
            servers[UNPACKED] = Path(folder) / model.name
            unpack(model, servers[UNPACKED])
        for turn in range(rounds):
            for name, file in servers.items():
                run = in_child(run_server, file, prompts, case.max_tokens, ends, settings)
                peers.setdefault(name, []).append(run)
            if loop:
                peers.setdefault(LOOP, []).append(in_child(run_loop, model, asked, case.max_tokens))
            if turn + 1 < rounds:
                engines.append(in_child(run_engine, model, asked, case.max_tokens))
    engine = max(engines, key=lambda one: one.measured.rate)
    return {
        "case": case.name,
        "tasks": case.tasks,
        "threads": usable_cores(),
        "engine": _figures(engine.measured) | {"version": engine.version, "batch": engine.batch},
        "native_share": max(one.native for one in engines),
        "least_native_share": case.least_native_share,
        "server": {"slots": settings.slots, "one_cache": settings.unified},
        "peers": {
            name: _figures(best := max(runs, key=lambda one: one.rate))
            | {
                "ratio": engine.measured.rate / best.rate,
                "least": case.least.get(name),
                "same_answers": None if name == LOOP else _same(engine.measured, best),
            }
            for name, runs in peers.items()
        },
    }


def _figures(side: Measured) -> dict[str, Any]:
    return {"tokens": side.tokens, "seconds": side.seconds, "tokens_per_second": side.rate}


def _same(engine: Measured, peer: Measured) -> float:
    """Return the share of answers that are the same, token for token."""
    pairs = zip(engine.answers, peer.answers, strict=True)
    return sum(ours == theirs for ours, theirs in pairs) / len(engine.answers)


def show(result: dict[str, Any]) -> None:
    """Print one model's results."""
    engine, server = result["engine"], result["server"]
    cache = "one cache" if server["one_cache"] else "a cache for each"
    print(f"{result['case']}: {result['tasks']} tasks, greedy, {result['threads']} threads")
    print(
        f"  engine: {engine['version']}, {engine['batch']} at once; server: {server['slots']} slots, {cache}"
    )
    print(_line("engine", engine))
    for name, peer in result["peers"].items():
        wanted = f" (at least {peer['least']})" if peer["least"] else ""
        same = "" if peer["same_answers"] is None else f", {peer['same_answers']:.0%} of answers the same"
        print(f"{_line(name, peer)}  ratio {peer['ratio']:.2f}{wanted}{same}")
    least = result["least_native_share"]
    print(f"  in llama.cpp {result['native_share']:.1%}" + (f" (over {least:.0%})" if least else ""))


def _line(name: str, side: dict[str, Any]) -> str:
    rate = f"{side['tokens_per_second']:9.1f} tokens/s"
    return f"  {name:<20}{rate}  ({side['tokens']} tokens in {side['seconds']:.1f} s)"


def missed(result: dict[str, Any]) -> bool:
    """Return whether any figure is below what it should reach."""
    slow = any(peer["ratio"] < (peer["least"] or 0) for peer in result["peers"].values())
    return slow or result["native_share"] < (result["least_native_share"] or 0)


def cases() -> Iterator[tuple[Case, Callable[[], Path | None]]]:
    """Yield what can be measured here, with a way to get the model file; None where it is not installed."""
    yield TEACHER, mini_teacher
    yield REAL, real_student
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
    parser = argparse.ArgumentParser(description="Speed of generation against llama.cpp's server and loop.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each side")
    parser.add_argument("--only", action="append", metavar="NAME", help="only the models with these names")
    parser.add_argument("--without-loop", action="store_true", help="leave the plain `Llama` loop out")
    options = parser.parse_args()
    results = []
    for case, find in cases():
        if options.only and case.name not in options.only:
            continue
        model = find()
        if model is None or not model.is_file():
            print(f"{case.name}: skipped, the model is not there", file=sys.stderr)
            continue
        results.append(measure(case, model, rounds=options.rounds, loop=not options.without_loop))
        if not options.json:
            show(results[-1])
    if options.json:
        print(json.dumps(results, indent=2))
    if names := [result["case"] for result in results if missed(result)]:
        sys.exit(f"Missed: {', '.join(names)}")


if __name__ == "__main__":
    main()
