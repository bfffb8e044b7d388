"""A host for the kill test of exports: `export_host.py LIBRARY MODEL OUT`; a line per update."""

import sys
from pathlib import Path

from doubles import open_small
from tuned import add_tuned

from orca_desk.library.trainings import list_trainings
from orca_desk.parity import gate
from orca_desk.processes.progress import Update
from orca_desk.steps.export.export import export
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.request import ExportRequest

FORMATS = (Format.Q8_0, Format.SAFETENSORS, Format.OLLAMA)


def show(update: Update) -> None:
    """Say how far it is."""
    print(f"{update.stage}: {update.done:.1f}", flush=True)


def main(folder: Path, model: Path, out: Path) -> None:
    """Export the student of the library's training, which is made if there is none."""
    gate.PROMPTS = 3  # tests of the gate itself compare more
    with open_small(folder) as library:
        trainings = list_trainings(library)
        training = trainings[0] if trainings else add_tuned(library, model)
        request = ExportRequest(training=training.id, formats=FORMATS, out=out, name="tiny-tuned", heldout=0)
        export(library, request, progress=show)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
