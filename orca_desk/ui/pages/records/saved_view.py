"""What the Records page showed last: filters, current record, tab and message. It survives restarts."""

import contextlib
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTabWidget

from orca_desk.errors import UserError
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.steps.defaults import StudentMessage, default_message
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.records.instruction_choice import InstructionChoice
from orca_desk.ui.pages.records.queue import RecordQueue

VIEW = "records.view"  # the library's setting
SAVE_DELAY_MS = 700


class SavedView(QObject):
    """Shows again what was shown last, and saves what is shown now."""

    def __init__(
        self, desk: Desk, queue: RecordQueue, tabs: QTabWidget, instruction: InstructionChoice
    ) -> None:
        super().__init__(tabs)
        saved = get_setting(desk.library, VIEW, {})
        self._saved: dict[str, Any] = saved if isinstance(saved, dict) else {}
        self._desk, self._queue, self._tabs, self._instruction = desk, queue, tabs, instruction
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_DELAY_MS)
        self._timer.timeout.connect(self.save)

    def restore(self) -> None:
        """Show what was shown last."""
        filters, rowid = self._saved.get("filters"), self._saved.get("number")
        self._queue.filters.choose_order(self._saved.get("order"))
        self._queue.start_at(
            filters if isinstance(filters, dict) else {}, rowid if isinstance(rowid, int) else None
        )
        self._tabs.setCurrentIndex(1 if self._saved.get("tab") == 1 else 0)
        message = default_message(self._desk.library)
        with contextlib.suppress(KeyError, TypeError, UserError):
            message = StudentMessage(**self._saved["instruction"])
        self._instruction.choose(message)

    def save_soon(self) -> None:
        """Save what is shown once it has not changed for a moment."""
        self._timer.start()

    def save(self) -> None:
        """Save what is shown, if that has changed and the library can be written."""
        self._timer.stop()
        message = self._instruction.value() or StudentMessage()
        shown = {
            "filters": self._queue.filters.chosen(),
            "order": self._queue.filters.wanted_order,
            "number": self._queue.table.rowid,
            "tab": self._tabs.currentIndex(),
            "instruction": {"kind": message.kind, "text": message.text},
        }
        if shown != self._saved:
            self._saved = shown
            if self._desk.library.problem is None:
                self._desk.write(lambda: set_setting(self._desk.library, VIEW, shown))
