"""A visit to a hub: a worker that looks things up there, for as long as the user is online."""

import itertools
import queue
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from orca_desk.errors import UserError
from orca_desk.models.hub.choice import Variant
from orca_desk.models.hub.listing import HubModel, HubRepo, Kind, Order, Size
from orca_desk.models.model_file import ModelFile
from orca_desk.processes import protocol
from orca_desk.processes.process import WorkerProcess
from orca_desk.processes.progress import LOOK_AROUND
from orca_desk.processes.protocol import Message
from orca_desk.steps.download.download import require_online_allowed


class OpenedModel(NamedTuple):
    """A model on the hub with its files, and the text of its card (Markdown by anyone)."""

    repo: HubRepo
    card: str


class ShownShape(NamedTuple):
    """A model on the hub as if it were here, and its configuration where it is a folder."""

    model: ModelFile
    config: Mapping[str, Any]


class HubSession:
    """Asks the hub at `endpoint`. The worker starts with the first question and ends with `close`.

    Several threads may ask at once. Use it in a `with` block or close it. Every method raises UserError where
    the hub or the connection refuses, and when the session was closed meanwhile.
    """

    def __init__(self, endpoint: str, *, token: str = "", log: Path | None = None) -> None:
        require_online_allowed()
        self.endpoint = endpoint
        self._job = {"endpoint": endpoint, "token": token}
        self._log = log
        self._keys = itertools.count()
        self._guard = threading.Lock()
        self._waiting: dict[str, queue.SimpleQueue[Message | Exception]] = {}
        self._worker: WorkerProcess | None = None
        self._reader: threading.Thread | None = None
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def search(
        self, text: str, *, kind: Kind = "", order: Order = "downloads", size: Size = ""
    ) -> list[HubModel]:
        """Return models whose names contain `text`."""
        answer = self._ask(ask="search", text=text, kind=kind, order=order, size=size)
        return [HubModel.from_json(one) for one in answer["found"]]

    def open(self, repo: str, *, revision: str = "main") -> OpenedModel:
        """Return a model's files and card."""
        answer = self._ask(ask="open", repo=repo, revision=revision)
        return OpenedModel(HubRepo.from_json(answer["repo"]), answer["card"])

    def shape(self, repo: HubRepo, variant: Variant) -> ShownShape:
        """Describe a variant by its first bytes, as one on this machine is described by its header."""
        answer = self._ask(ask="shape", repo=repo.to_json(), variant=variant.name)
        stored = answer["model"] | {"path": Path(answer["model"]["path"]), "files": ()}
        return ShownShape(ModelFile(**stored), answer["config"])

    def close(self) -> None:
        """End the connection and the worker; questions that wait fail. Any thread may call this."""
        with self._guard:
            self._is_closed = True
            worker, reader = self._worker, self._reader
        if worker is not None:
            worker.kill()
        if reader is not None and reader is not threading.current_thread():
            reader.join()

    def _ask(self, **content: Any) -> Message:
        key = f"{next(self._keys)}"
        mine: queue.SimpleQueue[Message | Exception] = queue.SimpleQueue()
        with self._guard:
            if self._is_closed:
                raise _gone()
            worker = self._start()
            self._waiting[key] = mine
        worker.send(protocol.request({"key": key, **content}))
        answer = mine.get()
        if isinstance(answer, Exception):
            raise answer
        if answer["event"] != "answer":
            if "trace" in answer:
                raise RuntimeError(f"The hub worker failed:\n{answer['trace']}")
            raise UserError(answer["message"], answer["hint"])
        return answer

    def _start(self) -> WorkerProcess:
        if self._worker is None:
            self._worker = WorkerProcess("hub", self._job, log=self._log)
            self._reader = threading.Thread(target=self._read, args=(self._worker,), name="hub", daemon=True)
            self._reader.start()
        return self._worker

    def _read(self, worker: WorkerProcess) -> None:
        """Pass on answers until the worker ends, then fail what waits; the next question starts again."""
        with worker:
            while (events := worker.events(LOOK_AROUND)) is not None:
                for event in events:
                    if (mine := self._waiting.pop(event.get("key", ""), None)) is not None:
                        mine.put(event)
            with self._guard:
                left, self._waiting = list(self._waiting.values()), {}
                self._worker = None
                error: Exception = _gone()
                if not self._is_closed:
                    try:
                        worker.check()
                    except Exception as reason:
                        error = reason
        for mine in left:
            mine.put(error)


def _gone() -> UserError:
    return UserError("Orca Desk is offline again.", "Go online to ask the hub.")
