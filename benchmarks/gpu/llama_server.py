"""llama.cpp's own server as a peer on a GPU: `llama-server` where it is found, else xllamacpp."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import Ids, Measured, ServerSettings, ask_all, in_child, run_server

STARTING = 60.0  # s at most, until the server answers
ALL_LAYERS = "999"


def measure(
    model: Path, prompts: Sequence[Ids], max_tokens: int, ends: frozenset[int], *, slots: Sequence[int]
) -> dict[str, Any]:
    """Return the tokens/s of the server with its best number of slots, and which server it was."""
    program = shutil.which("llama-server")
    runs: dict[int, Measured] = {}
    for count in slots:
        if program:
            runs[count] = _run_program(program, model, prompts, max_tokens, ends, count)
        else:
            settings = ServerSettings(count, unified=True)
            runs[count] = in_child(run_server, model, prompts, max_tokens, ends, settings)
    best = max(runs, key=lambda count: runs[count].rate)
    return {
        "server": program or "xllamacpp, built for CPUs as a rule: no fair peer of a GPU",
        "server_tokens_per_second": runs[best].rate,
        "server_slots": best,
    }


def _run_program(
    program: str, model: Path, prompts: Sequence[Ids], max_tokens: int, ends: frozenset[int], slots: int
) -> Measured:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = slots * (max(map(len, prompts)) + max_tokens + 8)
    command = [program, "--model", str(model), "--n-gpu-layers", ALL_LAYERS, "--parallel", str(slots)]
    command += ["--ctx-size", str(context), "--kv-unified", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(server, port)
        return ask_all(f"127.0.0.1:{port}", prompts, max_tokens, ends, clients=slots)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server has read the model."""
    until = time.monotonic() + STARTING
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("llama-server did not start")
