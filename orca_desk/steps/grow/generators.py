"""The generators of procedural tasks that are installed, each with a sample."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from orca_desk.errors import UserError
from orca_desk.method.procedural import Grading, grading_of
from orca_desk.processes.host import run_worker

ENVIRONMENT = {"PYTHONHASHSEED": "0"}  # five generators ask in the order of a set


@dataclass(frozen=True, kw_only=True)
class Generator:
    """A generator: what it makes, a `question` with its `answer` as a sample, its `levels` of difficulty.

    Without levels it knows one difficulty. Where `grading` is "none", several answers are correct, and its
    tasks get no reference answer.
    """

    name: str
    category: str
    description: str
    levels: tuple[int, ...]
    question: str
    answer: str | None
    grading: Grading


@dataclass(frozen=True, kw_only=True)
class InstalledGenerators:
    """The generators, by name, and the `version` of reasoning-gym."""

    version: str
    generators: tuple[Generator, ...]


@cache
def list_generators() -> InstalledGenerators:
    """Return the generators that can be chosen; a worker makes the list, once a session, in some seconds.

    Raises UserError where reasoning-gym is not installed.
    """
    found: list[Generator] = []
    versions: list[str] = []

    def receive(events: list[dict[str, Any]]) -> None:
        for event in events:
            match event["event"]:
                case "lacking":
                    raise lacking()
                case "version":
                    versions.append(event["version"])
                case "generator":
                    found.append(_generator(event))

    run_worker(
        "procedural",
        {"do": "list"},
        on_events=receive,
        environment=ENVIRONMENT,
    )
    return InstalledGenerators(version="".join(versions), generators=tuple(found))


def lacking() -> UserError:
    """Return the error for a missing reasoning-gym."""
    return UserError(
        "The generators are not installed: they come with reasoning-gym.",
        "Run: python3 -m orca_desk.install grow",
    )


def _generator(event: dict[str, Any]) -> Generator:
    return Generator(
        name=event["name"],
        category=event["category"],
        description=event["description"],
        levels=tuple(event["levels"]),
        question=event["question"],
        answer=event["answer"],
        grading=grading_of(event["name"]),
    )
