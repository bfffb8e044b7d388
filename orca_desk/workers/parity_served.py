"""llama.cpp's half of the parity check (see `orca_desk.parity`): one file.

Job: {"gguf", "adapter_gguf" or null, "conversations": [[[role, text], ...], ...], "tokens", "out"}; writes an
`orca_desk.parity.accounts.Served` to `out`, and emits `compared` after each answer.
"""

from pathlib import Path
from typing import Any

from orca_desk.prompts.messages import Message
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(answer)


def answer(channel: Channel) -> None:
    """Answer all conversations. A stop leaves the account unwritten."""
    from orca_desk.parity.served import serve_greedily

    job = channel.job
    adapter = job["adapter_gguf"]
    served = serve_greedily(
        Path(job["gguf"]),
        None if adapter is None else Path(adapter),
        conversations(job),
        tokens=job["tokens"],
        proceed=channel.control.proceed,
        answered=lambda: channel.emit({"event": "compared"}),
    )
    if served is not None:
        served.save(Path(job["out"]))


def conversations(job: dict[str, Any]) -> list[list[Message]]:
    """Return the job's conversations."""
    return [[Message(role, text) for role, text in turns] for turns in job["conversations"]]
