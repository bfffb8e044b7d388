"""The worker that puts held-out tasks to a model: see `answer`."""

from orca_desk.workers.answer import main

__all__ = ["main"]
