"""The server for other programs, as the desktop runs it: off until the user starts it."""

import threading
from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal

from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.chat.serving import (
    NamedModel,
    ServeSettings,
    ServingActivity,
    ServingEvent,
    ServingLoads,
    ServingReady,
    serve,
    training_to_serve,
)
from orca_desk.ui.words.progress import describe

State = Literal["off", "starting", "on", "stopping"]
LOG = "serve.log"
SECONDS_TO_CLOSE = 10.0


class Serving(QObject):
    """Runs the server in a thread. `changed` fires in the GUI's thread whenever a property has changed.

    `key` is what clients must show; it stays in memory alone. `stage` names what the start is doing.
    """

    changed = Signal()
    _arrived = Signal(object)

    def __init__(self, library: Library, failed: Callable[[Exception], None], parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._failed = library, failed
        self._control = JobControl()
        self._thread: threading.Thread | None = None
        self.key = ""
        self.state: State = "off"
        self._forget()
        self._arrived.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    def start(self, training_id: str | None, settings: ServeSettings) -> None:
        """Serve a training's models (see `training_to_serve`), unless something is being served."""
        if self.state != "off":
            return
        self._control, self.key = JobControl(), settings.key
        self.state, self.stage = "starting", "Preparing the models"
        control, library, arrived = self._control, self._library, self._arrived.emit

        def work() -> None:
            try:
                models = training_to_serve(library, training_id, progress=arrived, control=control)
                arrived(models)
                if models:
                    log = log_folder(library) / LOG
                    serve(models, settings, on_event=arrived, control=control, log=log)
            except Exception as error:  # shown by the desk
                arrived(error)
            arrived(None)

        self._thread = threading.Thread(target=work, name="serving", daemon=True)
        self._thread.start()
        self.changed.emit()

    def stop(self) -> None:
        """Stop serving; answers that are being written are cut off."""
        if self.state in ("starting", "on"):
            self.state = "stopping"
            self._control.stop()
            self.changed.emit()

    def close(self) -> None:
        """Stop serving, and wait until the server's process has ended."""
        self._arrived.disconnect(self._receive)
        self._control.stop()
        if self._thread:
            self._thread.join(SECONDS_TO_CLOSE)

    def _forget(self) -> None:
        self.state = "off"
        self.stage = ""
        self.models: list[NamedModel] = []
        self.ready: ServingReady | None = None
        self.activity = ServingActivity(0, 0, 0)

    def _receive(self, news: ServingEvent | Update | list[NamedModel] | Exception | None) -> None:
        match news:
            case None:
                self._forget()
            case Exception():
                self._failed(news)
            case list():
                self.models = news
            case Update():
                self.stage = describe(news) or self.stage
            case ServingLoads(name):
                self.stage = f"Loading {name}"
            case ServingReady():
                self.ready, self.stage = news, ""
                self.state = "on" if self.state == "starting" else self.state
            case ServingActivity():
                self.activity = news
        self.changed.emit()
