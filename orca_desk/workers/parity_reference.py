"""torch's half of the parity check (see `orca_desk.parity`).

Job: {"base", "adapter", "conversations", "folder"}; reads served-base.npz and served-adapter.npz from
the folder and writes reference-base.npz and reference-adapter.npz
(`orca_desk.parity.accounts.Reference`) beside them, and emits `compared` after each answer.
"""

from pathlib import Path

from orca_desk.workers.parity_served import conversations
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(refer)


def refer(channel: Channel) -> None:
    """Judge what llama.cpp served without and with the adapter. A stop leaves the files unwritten."""
    from orca_desk.parity.accounts import Served
    from orca_desk.parity.reference import TorchSide

    job = channel.job
    folder = Path(job["folder"])
    side = TorchSide(Path(job["base"]))
    for name in ("base", "adapter"):
        if name == "adapter":
            side.add_adapter(Path(job["adapter"]))
        served = Served.load(folder / f"served-{name}.npz")
        reference = side.account(
            conversations(job),
            served,
            proceed=channel.control.proceed,
            judged_one=lambda: channel.emit({"event": "compared"}),
        )
        if reference is None:
            return
        reference.save(folder / f"reference-{name}.npz")
