"""What became of an export: the checks of its files, its held-out scores, and how applications take it."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.steps.export.outcome import ExportOutcome
from orca_desk.steps.export.places import Target, put, targets
from orca_desk.ui.desk import Desk
from orca_desk.ui.outside import open_outside
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.gate_table import GateTableView
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.exports import (
    APPLICATIONS,
    BLOCKED,
    OVERRIDDEN,
    command_of,
    done_sentence,
    place_sentence,
    score_sentence,
    stored_sentence,
)


class ExportResult(QWidget):
    """Shows an outcome. `overridden` and `discarded` fire when the user decides on a blocked export."""

    overridden = Signal()
    discarded = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.outcome: ExportOutcome | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        row = QHBoxLayout()
        self.summary = label(bold=True, wrap=True, selectable=True)
        row.addWidget(self.summary, 1)
        self.folder = button("Open folder", self.open_folder, primary=True)
        self.anyway = button(
            "Export anyway",
            self.overridden.emit,
            tip="Keep the files although a check failed; the model card says so",
        )
        self.discard = button("Discard the files", self.discarded.emit, tip="Remove what was written")
        for one in (self.folder, self.anyway, self.discard):
            one.setAutoDefault(False)
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        self.gate = GateTableView(desk.theme)
        layout.addWidget(self.gate)
        self.notes = label(wrap=True, selectable=True)
        layout.addWidget(self.notes)
        self.where = label("Where to put it", bold=True)
        layout.addWidget(self.where)
        self._places = QGridLayout()
        self._places.setHorizontalSpacing(2 * GRID)
        self._places.setVerticalSpacing(GRID)
        self._places.setColumnStretch(1, 1)
        layout.addLayout(self._places)
        layout.addStretch(1)

    def show_outcome(self, outcome: ExportOutcome) -> None:
        """Show an outcome, and find the applications on this machine."""
        self.outcome = outcome
        self.summary.setText(BLOCKED if outcome.is_blocked else done_sentence(outcome))
        set_tone(self.summary, "bad" if outcome.is_blocked else "good")
        self.folder.setVisible(not outcome.is_blocked)
        self.anyway.setVisible(outcome.is_blocked)
        self.discard.setVisible(outcome.is_blocked)
        self.gate.show_table(outcome.gate)
        notes = [OVERRIDDEN] if outcome.is_overridden else []
        notes += [score_sentence(one) for one in outcome.scores]
        notes += filter(None, map(stored_sentence, outcome.files))
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))
        self._find_places()

    def open_folder(self) -> None:
        """Show the export in the system's file manager."""
        if self.outcome is not None:
            open_outside(self.outcome.out)

    def _find_places(self) -> None:
        outcome = self.outcome
        clear(self._places)
        self.where.hide()
        if outcome is not None and not outcome.is_blocked:
            self.desk.background.run(self, lambda: targets(outcome), self._show_places, only_newest="places")

    def _show_places(self, found: list[Target]) -> None:
        clear(self._places)
        self.where.setVisible(bool(found))
        for row, target in enumerate(found):
            name = APPLICATIONS[target.application]
            self._places.addWidget(label(name), row, 0)
            self._places.addWidget(label(place_sentence(target), wrap=True, selectable=True), row, 1)
            if command := command_of(target):
                action = button("Copy command", partial(self._copy, command))
            elif target.folder is not None and not target.is_there:
                action = button("Put it there", partial(self._put, target))
            else:
                continue
            action.setAccessibleName(f"{action.text()}: {name}")
            action.setAutoDefault(False)
            self._places.addWidget(action, row, 2)

    def _put(self, target: Target) -> None:
        """Put the file into an application's folder, off the event loop: it may have to be copied."""

        def done(path: object) -> None:
            self.desk.say(f"Put into {path}.", "good")
            self.desk.tell("models")
            self._find_places()

        self.desk.background.run(self, lambda: put(target), done)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.desk.say("Copied to the clipboard.")
