"""torch's half of the parity check (see `orca_desk.parity`): loads the student once and judges all files.

Job: {"base", "adapter", "conversations", "files": [{"label", "gguf", "whole", "served"}, ...]}. `whole` says
that a file holds the adapter, `served` is what the worker `parity-served` wrote of it. Emits `compared` after
each answer, and for each file `row`, an `orca_desk.parity.table.GateRow` as a dictionary.
"""

from dataclasses import asdict
from pathlib import Path

from orca_desk.workers.parity_served import conversations
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(refer)


def refer(channel: Channel) -> None:
    """Judge what llama.cpp served of each file. A stop leaves all rows out."""
    from orca_desk.parity.accounts import Served
    from orca_desk.parity.comparison import compare
    from orca_desk.parity.limits import is_quantised, limits_for
    from orca_desk.parity.reference import TorchSide
    from orca_desk.parity.weights import check_weights

    job = channel.job

    def did_one() -> None:
        channel.emit({"event": "compared"})

    side = TorchSide(Path(job["base"]), Path(job["adapter"]))
    files = [Served.load(Path(file["served"])) for file in job["files"]]
    account = side.account(conversations(job), files, proceed=channel.control.proceed, did_one=did_one)
    if account is None:
        return
    reference, judged = account
    whole = [Path(file["gguf"]) for file in job["files"] if file["whole"]]
    weights = check_weights(whole, Path(job["base"]), Path(job["adapter"]), proceed=channel.control.proceed)
    if weights is None:
        return
    found = dict(zip(whole, weights, strict=True))
    for file, served, answers in zip(job["files"], files, judged, strict=True):
        row = compare(
            reference,
            served,
            answers,
            label=file["label"],
            limits=limits_for(Path(file["gguf"])),
            quantised=is_quantised(Path(file["gguf"])),
            weights=found[Path(file["gguf"])] if file["whole"] else None,
            name_of=side.name_of,
        )
        channel.emit({"event": "row", "row": asdict(row)})
