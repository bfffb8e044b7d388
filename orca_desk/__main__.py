"""What to start: a worker, or a command. Imports nothing heavy, so that each starts at once."""

import importlib
import multiprocessing
import sys

WORKERS = ("render", "teach", "evaluate", "train", "export", "chat", "prompt", "reference", "parity")


def main() -> None:
    """Start the worker named by `orca_desk worker NAME`, or else the terminal commands."""
    multiprocessing.freeze_support()
    if len(sys.argv) == 3 and sys.argv[1] == "worker" and sys.argv[2] in WORKERS:
        importlib.import_module(f"orca_desk.jobs.workers.{sys.argv[2]}").main()
        return
    importlib.import_module("orca_desk.cli").main()


if __name__ == "__main__":
    main()
