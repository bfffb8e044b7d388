"""Start a worker or a command. This module imports nothing heavy, so that both start at once."""

import importlib
import sys

from orca_desk import offline
from orca_desk.log import keep_warnings_in_logs

WORKERS = {
    "render": "orca_desk.workers.render",
    "teach": "orca_desk.workers.teach",
    "evaluate": "orca_desk.workers.evaluate",
    "divergence": "orca_desk.workers.divergence",
    "score": "orca_desk.workers.score",
    "train": "orca_desk.workers.train",
    "export": "orca_desk.workers.export",
    "unpack": "orca_desk.workers.unpack",
    "merge": "orca_desk.workers.merge",
    "quantise": "orca_desk.workers.quantise",
    "importance": "orca_desk.workers.importance",
    "chat": "orca_desk.workers.chat",
    "serve": "orca_desk.workers.serve",
    "math": "orca_desk.workers.math",
    "group": "orca_desk.workers.group",
    "duplicates": "orca_desk.workers.duplicates",
    "documents": "orca_desk.workers.documents",
    "rows": "orca_desk.workers.rows",
    "shared-lines": "orca_desk.workers.shared_lines",
    "answer-rows": "orca_desk.workers.answer_rows",
    "preview": "orca_desk.workers.preview",
    "procedural": "orca_desk.workers.procedural",
    "prompt": "orca_desk.workers.prompt",
    "parity-reference": "orca_desk.workers.parity_reference",
    "parity-served": "orca_desk.workers.parity_served",
    "machine": "orca_desk.workers.machine",
    "hub": "orca_desk.workers.hub",
    "download": "orca_desk.workers.download",
    "screen": "orca_desk.ui.screen",
}


def main() -> None:
    """Run the worker that `orca_desk worker NAME` names, or else the command line."""
    if getattr(sys, "frozen", False):  # elsewhere it does nothing, and takes a fifth of a worker's start
        import multiprocessing

        multiprocessing.freeze_support()
    offline.watch()
    keep_warnings_in_logs()
    if len(sys.argv) == 3 and sys.argv[1] == "worker" and sys.argv[2] in WORKERS:
        importlib.import_module(WORKERS[sys.argv[2]]).main()
        return
    importlib.import_module("orca_desk.cli").main()


if __name__ == "__main__":
    main()
