"""Asks the teacher: see `answer`."""

from orca_desk.workers.answer import main

__all__ = ["main"]
