"""What the job tests share: a library of small tasks, and how to run a host that can be killed."""

from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.tasks import add_tasks
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Sampling, Task

SHORT = Sampling(max_tokens=24)
PLACES = ("box", "basket", "room", "table")


def small_tasks(count: int = 24) -> list[Task]:
    """Return tasks of two families, `count` of each, every third held out."""
    return [
        Task(
            family=family,
            query=f"Where is ball {index}?" if family == "belief" else f"What is {index} + {index}?",
            context="John puts the ball in the box." if family == "belief" else "",
            answer=PLACES[index % 4] if family == "belief" else str(2 * index),
            split="heldout" if index % 3 == 2 else "train",
        )
        for family in ("belief", "sums")
        for index in range(count)
    ]


def open_small(folder: Path, count: int = 24) -> Library:
    """Open the library in `folder`, with the small tasks and a pairing for each of their families."""
    library = Library.open(folder)
    add_tasks(library, small_tasks(count))
    set_pairings(
        library,
        [
            Pairing(family="belief", strategy="recall-then-generate", evidence=(), reason="chosen"),
            Pairing(family="sums", strategy="step-by-step", evidence=(), reason="chosen"),
        ],
        source="chosen",
    )
    return library
