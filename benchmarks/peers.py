"""What the engine is measured against: llama.cpp's own server, and the plain `Llama` loop.

Both get the model file, the questions and the limits that the engine gets, and as many threads.
"""

import http.client
import json
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orca_desk.machine import usable_cores

Question = tuple[str, str]  # system message, user message
Ids = tuple[int, ...]
SLOTS = (8, 16, 32)
TRIAL_TASKS, TRIAL_TOKENS = 32, 32  # on which the server's settings are tried
LOOP_TRIAL = 3  # tasks on which each attention kernel of `Llama` is tried
REUSED = 64  # tokens; the shortest piece of an earlier prompt that the server moves instead of reading it


@dataclass(frozen=True)
class Measured:
    """What one side did; `answers` are their tokens, without the one that ended them."""

    seconds: float
    answers: tuple[Ids, ...]

    @property
    def tokens(self) -> int:
        """Tokens written."""
        return sum(map(len, self.answers))

    @property
    def rate(self) -> float:
        """Tokens written a second."""
        return self.tokens / self.seconds


@dataclass(frozen=True)
class ServerSettings:
    """Answers at once, and whether they share one cache."""

    slots: int
    unified: bool


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `function` does in a new process, so that two builds of llama.cpp never meet."""
    with multiprocessing.get_context("spawn").Pool(1) as child:
        return child.apply(function, arguments)


def best_server(model: Path, prompts: Sequence[Ids], ends: frozenset[int]) -> ServerSettings:
    """Return the settings with which llama.cpp's server writes fastest here."""
    rates = {}
    for settings in (ServerSettings(slots, unified) for slots in SLOTS for unified in (False, True)):
        trial = in_child(run_server, model, prompts[:TRIAL_TASKS], TRIAL_TOKENS, ends, settings)
        rates[settings] = trial.rate
    return max(rates, key=rates.__getitem__)


def run_server(
    model: Path, prompts: Sequence[Ids], max_tokens: int, ends: frozenset[int], settings: ServerSettings
) -> Measured:
    """Return what llama.cpp's server (xllamacpp's build) did, with a client for each of its slots."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_parallel, parameters.kv_unified = settings.slots, settings.unified
    parameters.n_ctx = settings.slots * (max(map(len, prompts)) + max_tokens + 8)
    parameters.n_cache_reuse = REUSED
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = usable_cores()
    parameters.port, parameters.hostnames = 0, ["127.0.0.1"]
    parameters.verbosity = -1
    server = xllamacpp.Server(parameters)  # reads the weights once before it says that it is ready
    address = urlsplit(server.listening_address).netloc
    return ask_all(address, prompts, max_tokens, ends, clients=settings.slots)


def ask_all(
    address: str, prompts: Sequence[Ids], max_tokens: int, ends: frozenset[int], *, clients: int
) -> Measured:
    """Return what a server at `address` ("host:port") did with so many clients, who share the prompts."""
    waiting, answers = deque(enumerate(prompts)), dict[int, Ids]()

    def client() -> None:
        connection = http.client.HTTPConnection(address)
        while True:
            try:
                place, ids = waiting.popleft()
            except IndexError:
                connection.close()
                return
            answers[place] = ask_server(connection, ids, max_tokens, ends)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return _measured(time.perf_counter() - began, [answers[place] for place in sorted(answers)], len(prompts))


def ask_server(
    connection: http.client.HTTPConnection, ids: Ids, max_tokens: int, ends: frozenset[int]
) -> Ids:
    """Return the tokens of the server's answer to a prompt."""
    body = {"prompt": ids, "n_predict": max_tokens, "temperature": 0, "samplers": ["top_k"], "top_k": 1}
    body |= {"cache_prompt": True, "return_tokens": True}
    connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
    reply = json.loads(connection.getresponse().read())
    return tuple(token for token in reply["tokens"] if token not in ends)


def run_loop(model: Path, asked: Sequence[Question], max_tokens: int) -> Measured:
    """Return what the plain high-level `Llama` loop did, with the faster of its two attention kernels."""
    trials = {
        flash: _loop(model, list(islice(asked, LOOP_TRIAL)), max_tokens, flash).rate
        for flash in (False, True)
    }
    return _loop(model, asked, max_tokens, flash=trials[True] > trials[False])


def _loop(model: Path, asked: Sequence[Question], max_tokens: int, flash: bool) -> Measured:
    from llama_cpp import Llama

    threads = usable_cores()
    llama = Llama(
        str(model), n_ctx=0, n_threads=threads, n_threads_batch=threads, flash_attn=flash, verbose=False
    )

    def answer(question: Question, limit: int) -> Ids:
        system, user = question
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        reply: Any = llama.create_chat_completion(messages, temperature=0.0, max_tokens=limit)
        return (0,) * int(reply["usage"]["completion_tokens"])  # it tells how many, not which

    try:
        answer(asked[-1], 2)
        began = time.perf_counter()
        answers = [answer(question, max_tokens) for question in asked]
        return _measured(time.perf_counter() - began, answers, len(asked))
    finally:
        llama.close()


def _measured(seconds: float, answers: Sequence[Ids], asked: int) -> Measured:
    if len(answers) != asked:
        raise RuntimeError(f"{len(answers)} answers to {asked} questions")
    return Measured(seconds, tuple(answers))
