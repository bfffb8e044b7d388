"""Serving models to other programs, by the interface of OpenAI: `orca-desk serve` and the desktop's switch.

`training_to_serve` and `files_to_serve` say what; `serve` runs the server, and needs no library: it can stay
open elsewhere meanwhile.
"""

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.errors import SettingError, UserError
from orca_desk.inventory.serving import ServingNotes, serving_notes
from orca_desk.inventory.templates import Overrides
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.processes.asking import Runner
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.processes.protocol import Message
from orca_desk.steps.chat.models import (
    ChatModel,
    Part,
    finished_trainings,
    mini_models,
    part_of,
    training_models,
)

LOCAL = "127.0.0.1"
PORT = 6722  # that of no other server of models
HIGHEST_PORT = 65_535
SETTINGS = "serving"  # a library setting: what was served last, without the key
NAMES: Mapping[Part, str] = {"student": "tuned", "base": "base", "teacher": "teacher"}
SECONDS_TO_STOP = 5.0  # nothing is lost when it is killed


@dataclass(frozen=True, kw_only=True)
class NamedModel:
    """A model and the name by which clients ask for it; `template` is the user's for it, None: its own.

    `notes` are what a user should know before it answers.
    """

    name: str
    model: ChatModel
    template: str | None = None
    notes: ServingNotes = field(default_factory=ServingNotes)


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Where a server listens, 0: any free port; the key that clients must send, if any; how models run.

    Constructing one checks it; a bad value raises SettingError.
    """

    host: str = LOCAL
    port: int = PORT
    key: str = field(default="", repr=False)
    batch: int | None = None
    context: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise SettingError("host", "it is empty", f"Use {LOCAL}.", label="Address")
        if not 0 <= self.port <= HIGHEST_PORT:
            raise SettingError("port", f"it must be from 0 to {HIGHEST_PORT}", "Choose another port.")
        if self.key and not (self.key.isascii() and self.key.isprintable() and " " not in self.key):
            raise SettingError(
                "key", "it must be printable ASCII without spaces", "Choose another key.", label="API key"
            )

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can reach the address; False for what is not an address."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host.strip()).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class ServingLoads:
    """The server loads a model."""

    name: str


@dataclass(frozen=True)
class ServingReady:
    """The server answers at `url`: the base URL for clients. `is_local`: only this machine can reach it."""

    url: str
    is_local: bool


@dataclass(frozen=True)
class ServingActivity:
    """What the server does: answers that run or wait; answers and their tokens since it began."""

    running: int
    answered: int
    tokens: int


ServingEvent = ServingLoads | ServingReady | ServingActivity


def training_to_serve(
    library: Library, training_id: str | None, *, progress: Progress, control: JobControl
) -> list[NamedModel]:
    """Return the tuned student, the base and the teacher of a training, of the newest one if it is None.

    Without any training they are the bundled models. Converts the base if need be; returns nothing when
    `control` stops that. Raises UserError.
    """
    trainings = finished_trainings(library)
    chosen = training_id or (trainings[0].id if trainings else None)
    models = training_models(library, chosen, progress=progress, control=control) if chosen else mini_models()
    if not models and not control.stopped:
        raise UserError("There is no model to serve.", "Train a student, or name a model's file.")
    return _with_templates(((NAMES[one.part], one) for one in models), Overrides.of(library))


def files_to_serve(
    library: Path, models: Mapping[str, Path], adapters: Mapping[str, Path]
) -> list[NamedModel]:
    """Return GGUF files by name, each with the adapter of the same name, if there is one.

    `library` is the folder of the library that may know a user's templates for them. Raises UserError for an
    adapter without its model.
    """
    for name in adapters:
        if name not in models:
            raise UserError(
                f"There is no model {name!r} for the adapter {adapters[name].name}.",
                f"Give both the same name: --model {name}=FILE --adapter {name}=FILE.",
            )
    named = []
    for name, path in models.items():
        adapter = adapters.get(name)
        named.append((name, ChatModel(part=part_of(path, adapter), model=path, adapter=adapter)))
    return _with_templates(named, Overrides.in_folder(library))


def serve(
    models: Sequence[NamedModel],
    settings: ServeSettings,
    *,
    on_event: Callable[[ServingEvent], None],
    control: JobControl,
    log: Path | None = None,
) -> None:
    """Serve models until `control` stops it. Raises UserError when it cannot start, or ends by itself."""

    def receive(events: list[Message]) -> None:
        for event in events:
            if (known := _read(event)) is not None:
                on_event(known)

    stopped = not run_worker(
        "serve",
        _job(models, settings),
        on_events=receive,
        control=control,
        log=log,
        seconds_to_stop=SECONDS_TO_STOP,
    )
    if not stopped:
        raise UserError("Another program stopped the server.", "Start it again.")


def new_key() -> str:
    """Return a key that nobody guesses."""
    return secrets.token_urlsafe(24)


def save_choice(library: Library, training_id: str | None, settings: ServeSettings) -> None:
    """Save what is served, and where, for the next time; never the key."""
    choice = {"training": training_id, "host": settings.host, "port": settings.port}
    set_setting(library, SETTINGS, choice)


def read_choice(library: Library) -> tuple[str | None, ServeSettings]:
    """Return the saved training, None: the newest, and settings, or the defaults."""
    match get_setting(library, SETTINGS, {}):
        case {"training": str() | None as training, "host": str(host), "port": int(port)}:
            try:
                return training, ServeSettings(host=host, port=port)
            except UserError:  # another version saved it
                pass
    return None, ServeSettings()


def _with_templates(models: Iterable[tuple[str, ChatModel]], templates: Overrides) -> list[NamedModel]:
    return [
        NamedModel(
            name=name,
            model=model,
            template=templates.find(model.model),
            notes=serving_notes(model.model, model.adapter, overrides=templates),
        )
        for name, model in models
    ]


def _job(models: Sequence[NamedModel], settings: ServeSettings) -> dict[str, Any]:
    return {
        "models": [
            Runner(
                model=one.model.model,
                adapter=one.model.adapter,
                batch=settings.batch,
                context=settings.context,
                threads=settings.threads,
                template=one.template,
            ).as_job()
            | {"name": one.name, "part": one.model.part}
            for one in models
        ],
        "host": settings.host.strip(),
        "port": settings.port,
        "key": settings.key,
    }


def _read(event: Message) -> ServingEvent | None:
    match event:
        case {"event": "loading", "name": name}:
            return ServingLoads(name)
        case {"event": "ready", "url": url, "is_local": is_local}:
            return ServingReady(url, is_local)
        case {"event": "activity", "running": running, "answered": answered, "tokens": tokens}:
            return ServingActivity(running, answered, tokens)
    return None
