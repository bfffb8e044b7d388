"""Tokens a second of N clients at once against the engine's own: `python -m benchmarks.serving [--json]`.

The same model, questions, greedy sampling and limits: first the engine alone, all questions in its queue,
sorted by system message as a run sorts them; then `orca-desk serve`, asked by N clients over HTTP, each with
one question after another, whole and as a stream. All questions have one system message; then seven in turn,
an order in which the last one read helps no one. Loading is not counted. Rounds alternate, and the best of
each side counts, as other programs disturb single rounds. The model is the published one that the set-up
installs, else one of its shape.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.generation import questions, shape_135m
from benchmarks.peers import Question
from orca_desk.inventory.bundled import real_student
from orca_desk.machine import usable_cores
from orca_desk.method.records import Sampling
from orca_desk.processes.progress import JobControl
from orca_desk.prompts.messages import Message
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.serving import NamedModel, ServeSettings, ServingEvent, ServingReady, serve
from orca_desk.teacher.engine import Completion, Engine, Request
from orca_desk.workers.runtime import _lower_priority

TASKS, MAX_TOKENS = 64, 96
CLIENTS = (8, 32)
ROUNDS = 2
LEAST_SHARE = 0.9


def run_engine(model: Path, asked: Sequence[Question]) -> float:
    """Return the engine's tokens a second, in a process of its own with the priority of a worker."""
    with multiprocessing.get_context("spawn").Pool(1) as child:
        return child.apply(_engine, (model, asked))


def _engine(model: Path, asked: Sequence[Question]) -> float:
    if hasattr(os, "setsid"):
        os.setsid()
    _lower_priority()
    sampling = Sampling(max_tokens=MAX_TOKENS)
    with Engine(model, unpacks=True) as engine:
        requests = []
        for place, (system, user) in enumerate(asked):
            prompt = engine.renderer.prompt([Message("system", system), Message("user", user)])
            requests.append(
                Request(
                    key=str(place),
                    ids=prompt.ids,
                    prefix=prompt.prefix,
                    sampling=sampling,
                    ends=engine.renderer.ends,
                )
            )
        began = time.perf_counter()
        results = list(engine.generate(requests))
        seconds = time.perf_counter() - began
    return sum(one.completion_tokens for one in results if isinstance(one, Completion)) / seconds


def run_clients(model: Path, asked: Sequence[Question], clients: int, *, streams: bool) -> float:
    """Return the tokens a second that so many clients get together."""
    control = JobControl()
    ready: deque[str] = deque()
    known = threading.Event()

    def hear(event: ServingEvent) -> None:
        if isinstance(event, ServingReady):
            ready.append(event.url)
            known.set()

    named = [NamedModel(name="model", model=ChatModel(part="teacher", model=model))]
    server = threading.Thread(
        target=serve,
        args=(named, ServeSettings(port=0)),
        kwargs={"on_event": hear, "control": control},
    )
    server.start()
    try:
        known.wait()
        ask(ready[0], asked[-1], streams=streams)  # learns the template
        return _together(lambda question: ask(ready[0], question, streams=streams), asked, clients)
    finally:
        control.stop()
        server.join()


def _together(put: Callable[[Question], int], asked: Sequence[Question], clients: int) -> float:
    waiting = deque(asked)
    tokens: deque[int] = deque()

    def client() -> None:
        while True:
            try:
                question = waiting.popleft()
            except IndexError:
                return
            tokens.append(put(question))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(tokens) != len(asked):
        raise RuntimeError(f"{len(tokens)} answers to {len(asked)} questions")
    return sum(tokens) / (time.perf_counter() - began)


def ask(url: str, question: Question, *, streams: bool) -> int:
    """Ask one question; return the answer's tokens."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    messages = [
        {"role": role, "content": text} for role, text in zip(("system", "user"), question, strict=True)
    ]
    body: dict[str, Any] = {"model": "model", "messages": messages, "max_tokens": MAX_TOKENS}
    if streams:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    connection.request("POST", f"{parts.path}/chat/completions", json.dumps(body))
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    last = [line for line in lines if line and line != "data: [DONE]"][-1]
    return int(json.loads(last.removeprefix("data: "))["usage"]["completion_tokens"])


def main() -> None:
    """Print the figures; exit status 1 when a share is too small."""
    parser = argparse.ArgumentParser(description="Speed of many clients at once against the engine's own.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each side")
    parser.add_argument("--tasks", type=int, default=TASKS, help="questions per round")
    options = parser.parse_args()
    model = real_student() or shape_135m()
    results = [
        measure(kind, model, asked, options.rounds) for kind, asked in workloads(options.tasks).items()
    ]
    if options.json:
        print(json.dumps({"model": model.name, "threads": usable_cores(), "workloads": results}, indent=2))
    else:
        print(f"{model.name}: {options.tasks} questions, {usable_cores()} threads")
        for result in results:
            show(result)
    if any(best_share(result) < LEAST_SHARE for result in results):
        sys.exit(f"Missed: {LEAST_SHARE} of the engine's own")


def workloads(tasks: int) -> dict[str, list[Question]]:
    """Return the questions with one system message, as a program has it, and with seven that alternate."""
    found = questions(tasks)
    by_message: dict[str, deque[Question]] = {}
    for question in found:
        by_message.setdefault(question[0], deque()).append(question)
    turns = [group.popleft() for _ in found for group in by_message.values() if group]
    return {
        "one system message": [(found[0][0], user) for _, user in found],
        f"{len(by_message)} system messages in turn": turns,
    }


def measure(kind: str, model: Path, asked: Sequence[Question], rounds: int) -> dict[str, Any]:
    """Run the engine alone and all numbers of clients, in turns."""
    kinds = [(clients, streams) for clients in CLIENTS for streams in (False, True)]
    in_order = sorted(asked, key=lambda question: question[0])
    engine = 0.0
    found = dict.fromkeys(kinds, 0.0)
    for _ in range(rounds):
        engine = max(engine, run_engine(model, in_order))
        for clients, streams in kinds:
            rate = run_clients(model, asked, clients, streams=streams)
            found[clients, streams] = max(found[clients, streams], rate)
    engine = max(engine, run_engine(model, in_order))
    rows = [
        {"clients": clients, "streams": streams, "tokens_per_second": rate, "share": rate / engine}
        for (clients, streams), rate in found.items()
    ]
    return {"workload": kind, "engine": engine, "clients": rows}


def show(result: dict[str, Any]) -> None:
    """Print one workload's results."""
    print(f"{result['workload']}")
    print(f"  engine alone                {result['engine']:7.1f} tokens/s")
    for row in result["clients"]:
        how = "streaming" if row["streams"] else "whole"
        print(
            f"  {row['clients']:>3} clients, {how:<12}   {row['tokens_per_second']:7.1f} tokens/s"
            f"  {row['share']:.2f}"
        )


def best_share(result: dict[str, Any]) -> float:
    """Return the largest share of the engine's speed that the most clients get, whole or streaming."""
    return max(float(row["share"]) for row in result["clients"] if row["clients"] == max(CLIENTS))


if __name__ == "__main__":
    main()
