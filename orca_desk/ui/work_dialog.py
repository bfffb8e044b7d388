"""A dialog that shows that work is done while there is no window, and can stop it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QProgressDialog

from orca_desk.processes.progress import StoppedError
from orca_desk.ui.theme import Theme

T = TypeVar("T")
TICK_MS = 100
PERCENT = 100


class WorkDialog(Generic[T]):
    """Does work in a thread, with a dialog that can stop it.

    `work` gets a function to call with what it has done since; out of `total`, or 0 where nobody knows. The
    dialog appears `after` so many seconds. What cannot be stopped half way has no button for it.
    """

    def __init__(
        self,
        text: str,
        work: Callable[[Callable[[int], None]], T],
        theme: Theme,
        *,
        total: int = 0,
        after: float = 0.0,
        can_stop: bool = True,
    ) -> None:
        self._text, self._theme, self._after, self._can_stop = text, theme, after, can_stop
        self._done, self._total = 0, total
        self._work, self._stopped, self._is_over = work, False, threading.Event()
        self._result: T | None = None
        self._error: Exception | None = None

    def wait(self) -> T | None:
        """Return the result; None if the user stopped it. Raises what the work raises."""
        thread = threading.Thread(target=self._run, name="mending", daemon=True)
        thread.start()
        if not self._is_over.wait(self._after):
            self._show_until_over()
        thread.join()
        if self._stopped and self._result is None:
            return None
        if self._error is not None:
            raise self._error
        return self._result

    def _show_until_over(self) -> None:
        dialog = QProgressDialog(self._text, "Stop", 0, PERCENT if self._total else 0)
        dialog.setMinimumDuration(0)
        dialog.setWindowTitle("Orca Desk")
        if self._can_stop:
            dialog.canceled.connect(self._stop)
        else:
            dialog.setCancelButton(None)
        self._theme.apply_to(dialog)
        loop = QEventLoop()
        timer = QTimer()
        timer.timeout.connect(lambda: loop.quit() if self._is_over.is_set() else self._show_done(dialog))
        timer.start(TICK_MS)
        dialog.show()
        loop.exec()
        dialog.close()
        dialog.deleteLater()

    def _show_done(self, dialog: QProgressDialog) -> None:
        if not self._can_stop and not dialog.isVisible():
            dialog.show()  # Esc hides it, and the app would seem to have ended
        if self._total and not self._stopped:
            dialog.setValue(min(PERCENT - 1, PERCENT * self._done // self._total))  # at 100 it hides

    def _run(self) -> None:
        try:
            self._result = self._work(self._look)
        except Exception as error:
            self._error = error
        self._is_over.set()

    def _look(self, count: int) -> None:
        if self._stopped:
            raise StoppedError
        self._done += count

    def _stop(self) -> None:
        self._stopped = True
