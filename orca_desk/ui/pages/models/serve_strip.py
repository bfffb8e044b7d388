"""The switch that serves models to other programs, and what the server does."""

from dataclasses import replace

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QToolButton

from orca_desk.steps.chat.serving import ServeSettings, read_choice, save_choice
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.models.serve_dialog import ServeDialog
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.text import button, safe_tip, set_tone
from orca_desk.ui.words.serving import (
    ABOUT,
    OPTIONS_TIP,
    STATES,
    SWITCH_TIP,
    TITLE,
    activity_sentence,
    notes_on,
    on_sentence,
    sign_tip,
)


class ServeStrip(QFrame):
    """One row: the switch, what is served where, and the choice of both."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        self.switch = QCheckBox(TITLE)
        self.switch.setToolTip(SWITCH_TIP)
        self.switch.clicked.connect(self.toggle)
        self.about = ElidedLabel(tone="muted")
        self.copy_url = QToolButton()
        self.copy_url.setAccessibleName("Copy the address")
        self.copy_url.setToolTip("Copy the address")
        self.copy_url.clicked.connect(lambda checked=False: self._copy())
        self.options = button("Options…", self.choose, tip=OPTIONS_TIP)
        row.addWidget(self.switch)
        row.addWidget(self.about, 1)
        row.addWidget(self.copy_url)
        row.addWidget(self.options)
        desk.serving.changed.connect(self._show)
        desk.theme.changed.connect(self._show)
        self._show()

    def toggle(self) -> None:
        """Start serving what was served last, or stop."""
        if self.desk.serving.state != "off":
            self.desk.serving.stop()
            self._show()
            return
        self._show()  # the box is ticked once the server starts
        library = self.desk.library
        self.desk.background.run(self, lambda: read_choice(library), lambda saved: self._start(*saved))

    def choose(self) -> None:
        """Ask what to serve, and where."""
        library = self.desk.library
        self.desk.background.run(self, lambda: read_choice(library), lambda saved: self._ask(*saved))

    def _ask(self, training: str | None, settings: ServeSettings) -> None:
        dialog = ServeDialog(self.desk, training, replace(settings, key=self.desk.serving.key), self)
        dialog.chosen.connect(self._use)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _use(self, training: str | None, settings: ServeSettings) -> None:
        library = self.desk.library
        self.desk.serving.key = settings.key
        self.desk.write(
            lambda: save_choice(library, training, settings),
            then=lambda _: self.desk.serving.start(training, settings),
        )

    def _start(self, training: str | None, settings: ServeSettings) -> None:
        key = self.desk.serving.key
        if settings.is_local or key:
            self.desk.serving.start(training, replace(settings, key=key))
        else:
            self._ask(training, settings)

    def _copy(self) -> None:
        if ready := self.desk.serving.ready:
            QGuiApplication.clipboard().setText(ready.url)
            self.desk.say("Copied to the clipboard.")

    def _show(self) -> None:
        serving = self.desk.serving
        is_off, ready = serving.state == "off", serving.ready
        self.switch.setChecked(serving.state in ("starting", "on"))
        self.switch.setEnabled(serving.state != "stopping")
        self.options.setEnabled(is_off)
        self.options.setToolTip(OPTIONS_TIP if is_off else "Stop serving to change what is served, and where")
        self.copy_url.setVisible(ready is not None)
        self.copy_url.setIcon(icon("copy", self.desk.theme.colours, "muted"))
        if ready is None:
            self.about.show_text(ABOUT if is_off else f"{serving.stage or STATES[serving.state]}…")
            set_tone(self.about, "muted")
            return
        activity = activity_sentence(serving.activity)
        notes = notes_on(serving.models)
        self.about.show_text("  ·  ".join([on_sentence(ready, serving.models), activity, *notes]))
        self.about.setToolTip(safe_tip(sign_tip(ready, serving.models, serving.activity)))
        doubtful = any(one.notes.adapter for one in serving.models)
        set_tone(self.about, "warn" if doubtful or not ready.is_local else "")
