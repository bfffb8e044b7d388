"""The `procedural` worker: makes questions with reasoning-gym's generators, within limits of memory and time.

Job {"do": "list"}: emits `generator` for each of them, with a sample and its levels of difficulty.
Job {"do": "make"}: takes requests {"generator", "level", "first", "start", "count"}, `first` being the seed
of place 0, and emits `made` for some places at a time, or `refused` where the generator lacks the level. A
question that takes too long or too much memory ends this process after `stuck` with its place: the host
starts it again behind that place. Emits `lacking` where reasoning-gym is not installed.
"""

import importlib.abc
import importlib.machinery
import inspect
import json
import os
import re
import sys
import threading
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

import psutil

from orca_desk.method.procedural import LEFT_OUT
from orca_desk.workers.runtime import Channel, serve

MEMORY_BYTES = 2 * 2**30
SECONDS = 20.0  # for one question
LOOK_SECONDS = 0.2
TOO_MUCH = 7  # exit code
CHUNK = 50  # questions in one event
EVENT_SECONDS = 0.5  # after which an event is sent, however few questions it has
LIST_SECONDS = 0.5  # for a sample
# They fix what a generator asks when it is made, so that one is made for each question.
MADE_ANEW = frozenset({"gsm_symbolic", "list_functions"})
ACRE_SIZE = 4  # the least for which it makes questions of all its kinds
FULL_SCORE = 0.99
PLOTS = ("matplotlib", "mpl_toolkits", "drawsvg")


def main() -> None:
    """Serve one job."""
    serve(work)


def work(channel: Channel) -> None:
    """List the generators or make questions, until the host stops it."""
    sys.meta_path.insert(0, _NoPlots())
    try:
        version = metadata.version("reasoning-gym")
        import reasoning_gym  # noqa: F401 - registers the generators
    except (ImportError, metadata.PackageNotFoundError):
        channel.emit({"event": "lacking"})
        return
    channel.emit({"event": "version", "version": version})
    if channel.job["do"] == "list":
        _list(channel)
    else:
        watch = _Watch(channel)
        for request in channel.requests(ahead=1):
            _make(channel, request, watch)


class _NoPlots(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives empty modules for drawing: two generators' libraries import them, and nothing here draws."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Take the modules for drawing."""
        if fullname.split(".")[0] not in PLOTS:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Return a module in which every name stands for nothing."""
        return _Empty(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


class _Empty(types.ModuleType):
    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def _list(channel: Channel) -> None:
    """Emit the generators by name; what cannot give a sample soon is listed without one."""
    from reasoning_gym.factory import DATASETS

    for name in sorted(DATASETS.keys() - LEFT_OUT):
        if not channel.control.proceed():
            return
        kind = DATASETS[name][0]
        levels = _levels(name)
        sample = _first(name, levels[0] if levels else None)
        channel.emit(
            {
                "event": "generator",
                "name": name,
                "category": kind.__module__.split(".")[1],
                "description": _description(kind),
                "levels": levels,
                "question": sample["question"] if sample else "",
                "answer": sample["answer"] if sample else None,
            }
        )


def _first(name: str, level: int | None) -> dict[str, Any] | None:
    """Return a generator's first question; None if there is none, or it takes long."""
    found: list[dict[str, Any]] = []

    def make() -> None:
        settings = (level and _settings(name, level)) or {}
        found.extend(_questions(name, settings, first=1, start=0, count=1))

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    thread.join(LIST_SECONDS)
    return found[0] if found and "question" in found[0] else None


def _description(kind: type) -> str:
    """Return the first sentence of a generator's documentation, without links."""
    text = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", re.sub(r"\s+", " ", text))
    return re.split(r"(?<=\w\w\.)\s", text)[0].strip(" :-")


def _levels(name: str) -> list[int]:
    """Return the levels of difficulty, from 1, whose settings the generator accepts."""
    from reasoning_gym.factory import CURRICULA

    if name not in CURRICULA:
        return []
    return [level for level in range(1, _most_levels(name) + 1) if _settings(name, level) is not None]


def _most_levels(name: str) -> int:
    from reasoning_gym.factory import CURRICULA

    return max((len(one.levels) for one in CURRICULA[name]().attributes.values()), default=0)


def _settings(name: str, level: int) -> dict[str, Any] | None:
    """Return a generator's settings at a level; None if it has no such level, or refuses the settings."""
    from reasoning_gym.factory import CURRICULA, create_curriculum

    if name not in CURRICULA or level > _most_levels(name):
        return None
    curriculum = create_curriculum(name)
    curriculum.set_global_level(level - 1)
    try:
        found = curriculum.generate_configuration({"seed": 0, "size": 1})
        if hasattr(found, "validate"):
            found.validate()
    except (AssertionError, ValueError, TypeError):
        return None
    return dict(vars(found))


def _make(channel: Channel, request: Mapping[str, Any], watch: "_Watch") -> None:
    """Emit what a request asks for."""
    name, level = request["generator"], request["level"]
    settings = {} if level is None else _settings(name, level)
    if settings is None:
        channel.emit({"event": "refused", "reason": f"it has no level {level}"})
        return
    rows: list[dict[str, Any]] = []
    sent = time.monotonic()
    places = iter(range(request["start"], request["start"] + request["count"]))
    watch.begin(request["start"])
    found = _questions(name, settings, request["first"], request["start"], request["count"])
    for place in places:
        watch.begin(place)
        row = next(found)
        watch.end()
        rows.append({"place": place, **row})
        if len(rows) == CHUNK or time.monotonic() - sent > EVENT_SECONDS:
            channel.emit({"event": "made", "rows": rows})
            rows, sent = [], time.monotonic()
            if not channel.control.proceed():
                return
    watch.end()
    channel.emit({"event": "made", "rows": rows})


def _questions(
    name: str, settings: Mapping[str, Any], first: int, start: int, count: int
) -> Iterator[dict[str, Any]]:
    """Yield `count` questions with their answers from place `start`, or {"reason"} where none comes."""
    shared: Any = None
    for place in range(start, start + count):
        try:
            if name in MADE_ANEW or name == "acre":
                size = ACRE_SIZE if name == "acre" else 1
                dataset, entry = _entry(name, settings, first + place, size)
            else:
                dataset = shared = shared or _dataset(name, settings, first, start + count)
                entry = dataset[place]
            answer = entry["answer"]
            if answer is not None and not isinstance(answer, str):
                answer = json.dumps(answer, ensure_ascii=False, default=str)
            yield {
                "question": str(entry["question"]).strip(),
                "answer": answer and answer.strip(),
                "verified": _is_verified(dataset, entry),
            }
        except Exception as error:  # generators raise many kinds for settings that leave nothing to ask
            yield {"reason": f"{type(error).__name__}: {error}"[:200]}


def _dataset(name: str, settings: Mapping[str, Any], seed: int, size: int) -> Any:
    from reasoning_gym.factory import create_dataset

    return create_dataset(name, **{**settings, "seed": seed, "size": size})


def _entry(name: str, settings: Mapping[str, Any], seed: int, size: int) -> tuple[Any, Mapping[str, Any]]:
    dataset = _dataset(name, settings, seed, size)
    return dataset, dataset[0]


def _is_verified(dataset: Any, entry: Mapping[str, Any]) -> bool | None:
    """Return whether the generator's verifier accepts the generator's answer; None without an answer."""
    answer = entry["answer"]
    return dataset.score_answer(answer, entry) >= FULL_SCORE if isinstance(answer, str) else None


class _Watch:
    """Ends this process once a question takes too much, after it has told the host the place."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._place = -1
        self._deadline = float("inf")
        threading.Thread(target=self._look, daemon=True).start()

    def begin(self, place: int) -> None:
        """Start the deadline of the question at this place."""
        self._place, self._deadline = place, time.monotonic() + SECONDS

    def end(self) -> None:
        """Stop the deadline."""
        self._deadline = float("inf")

    def _look(self) -> None:
        process = psutil.Process()
        while process.memory_info().rss <= MEMORY_BYTES and time.monotonic() <= self._deadline:
            time.sleep(LOOK_SECONDS)
        self._channel.emit({"event": "stuck", "place": self._place})
        os._exit(TOO_MUCH)
