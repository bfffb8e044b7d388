"""torch's half of the parity check (see `orca_desk.parity`): loads the student once and judges all files.

Job: {"base", "adapter", "conversations", "files": [{"label", "gguf", "served"}, ...]}, where `served` is what
the worker `parity-served` wrote of the file. Emits `compared` after each answer, and for each file `row`, an
`orca_desk.parity.table.GateRow` as a dictionary.
"""

from dataclasses import asdict
from pathlib import Path

from orca_desk.workers.parity_served import conversations
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(refer)


def refer(channel: Channel) -> None:
    """Judge what llama.cpp served of each file. A stop ends before the next row."""
    from orca_desk.parity.accounts import Served
    from orca_desk.parity.comparison import compare
    from orca_desk.parity.limits import is_quantised, limits_for
    from orca_desk.parity.reference import TorchSide

    job = channel.job
    proceed = channel.control.proceed

    def did_one() -> None:
        channel.emit({"event": "compared"})

    side = TorchSide(Path(job["base"]), Path(job["adapter"]))
    reference = side.refer(conversations(job), proceed=proceed, did_one=did_one)
    for file in job["files"]:
        if reference is None:
            return
        served = Served.load(Path(file["served"]))
        judged = side.judge(reference, served, proceed=proceed, did_one=did_one)
        if judged is None:
            return
        row = compare(
            reference,
            served,
            judged,
            label=file["label"],
            limits=limits_for(Path(file["gguf"])),
            quantised=is_quantised(Path(file["gguf"])),
            name_of=side.name_of,
        )
        channel.emit({"event": "row", "row": asdict(row)})
