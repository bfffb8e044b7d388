"""Whether llama.cpp serves what was trained on the device."""

import shutil

from benchmarks.gpu.resume import RECORDS, train_to_the_end
from benchmarks.gpu.sections import Section
from benchmarks.gpu.shared import records
from orca_desk.inventory.bundled import mini_student

ASKED = 6  # prompts


def measure(section: Section) -> None:
    """Train the bundled student on the device, and have the gate ask llama.cpp and torch the same."""
    from orca_desk.parity.gate import GateFile, check_files
    from orca_desk.prompts.messages import Message
    from orca_desk.student.convert import write_gguf
    from orca_desk.student.data import read_records
    from orca_desk.student.export import export_adapter

    base, folder, path = mini_student(), section.out / "parity", records(section, RECORDS)
    shutil.rmtree(folder, ignore_errors=True)
    report = train_to_the_end(base, path, folder)
    write_gguf(base, folder / "base.gguf", dtype="f32")
    export_adapter(folder / "adapter", base, folder / "adapter.gguf")
    some = [record for record, _ in zip(read_records(path), range(ASKED), strict=False)]
    table = check_files(
        base=base,
        adapter=folder / "adapter",
        files=[GateFile(label="adapter", gguf=folder / "base.gguf", adapter_gguf=folder / "adapter.gguf")],
        prompts=[[Message("system", one["system"]), Message("user", one["user"])] for one in some],
    )
    if table is None:
        raise RuntimeError("the gate was stopped")
    (row,) = table.rows
    section.note(
        passed=table.passed,
        trained_on=report["device"],
        prompts=row.prompts,
        tokens_equal=f"{row.tokens_equal} of {row.tokens}",
        largest_difference=row.largest,
        effect=row.effect,
    )
