"""How a worker process is started."""

import sys


def worker_command(name: str) -> list[str]:
    """Return the command line that starts worker `name` with the same program that runs now.

    `-P` keeps the current folder off the module path, so that a user's `json.py` is never imported.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, "worker", name]
    return [sys.executable, "-P", "-m", "orca_desk", "worker", name]
