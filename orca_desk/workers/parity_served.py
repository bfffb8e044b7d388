"""llama.cpp's half of the parity check (see `orca_desk.parity`).

Job: {"base_gguf", "adapter_gguf", "conversations": [[[role, text], ...], ...], "tokens", "folder"}; writes
served-base.npz and served-adapter.npz (`orca_desk.parity.accounts.Served`) into the folder, and emits
`compared` after each answer.
"""

from pathlib import Path
from typing import Any

from orca_desk.prompts.messages import Message
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(answer)


def answer(channel: Channel) -> None:
    """Answer without and with the adapter. A stop leaves the files unwritten."""
    from orca_desk.parity.served import serve_greedily

    job = channel.job
    for name, adapter in (("base", None), ("adapter", Path(job["adapter_gguf"]))):
        served = serve_greedily(
            Path(job["base_gguf"]),
            adapter,
            conversations(job),
            tokens=job["tokens"],
            proceed=channel.control.proceed,
            answered=lambda: channel.emit({"event": "compared"}),
        )
        if served is None:
            return
        served.save(Path(job["folder"]) / f"served-{name}.npz")


def conversations(job: dict[str, Any]) -> list[list[Message]]:
    """Return the job's conversations."""
    return [[Message(role, text) for role, text in turns] for turns in job["conversations"]]
