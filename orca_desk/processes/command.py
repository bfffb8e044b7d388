"""How to start a worker process: its command line and its environment."""

import sys

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def worker_command(name: str) -> list[str]:
    """Return the command line that starts worker `name` with the program that is running now.

    `-P` keeps the current folder off the module path, so that it never imports a user's `json.py`.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, "worker", name]
    return [sys.executable, "-P", "-m", "orca_desk", "worker", name]
