"""Run by `test_demo_by_clicks`: the real app in a process of its own, driven through its window by the mouse.

    python -m tests.support.demo_clicks LIBRARY FOLDER

Writes pictures of every page, light and dark, and `seen.json` with what it saw into FOLDER. Clicks go to the
window at the position of the button, so anything that covers, hides or disables it stops them as it stops
a user.
"""

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton, QScrollArea, QWidget

from orca_desk.__main__ import main
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.answer import AnswerCard
from orca_desk.ui.pages.chat.columns import ColumnHead
from orca_desk.ui.pages.home.page import HomePage
from orca_desk.ui.register import PAGES
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.window import Window

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
DEMO_SECONDS = 1500.0  # on a busy machine; about 90 on two idle cores
SECONDS = 120.0
SOME_STEPS = 200  # of the training: its picture shows a curve
QUESTION = "Lucy has 38 cups. Lucy finds 9 more. Then Lucy loses 7. How many cups does Lucy have now?"


class Driver:
    """Uses the app as a user with a mouse would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, Any] = {"pictures": [], "crashes": [], "error": ""}
        self._window: Window | None = None

    def drive(self) -> None:
        """Do all of it; note what was seen, and what went wrong; close the window."""
        try:
            self._go()
        except Exception:
            self.seen["error"] = f"{traceback.format_exc()}\nCrashes: {self.seen['crashes']}\n{self._state()}"
            self._picture("error")
        (self.folder / "seen.json").write_text(json.dumps(self.seen, indent=1), encoding="utf-8")
        self.window.close()

    def _state(self) -> str:
        """Return what the app says of itself, and what each of its threads does."""
        said = [one.text.text() for one in self._shown(self.window, Notice)]
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        stacks = [
            f"Thread {names.get(ident)}:\n{''.join(traceback.format_stack(frame, limit=12)[-12:])}"
            for ident, frame in sys._current_frames().items()
            if ident != threading.get_ident()
        ]
        jobs = [(job.title, job.state) for job in self.window.desk.jobs.unfinished]
        return "\n".join([f"Notices: {said}", f"Jobs: {jobs}", *stacks])

    @property
    def window(self) -> Window:
        """The app's window."""
        if self._window is None:
            tops = (top for top in QApplication.topLevelWidgets() if isinstance(top, Window))
            self._window = next(tops)
        return self._window

    def _go(self) -> None:
        window = self.window
        window.desk.crashed.connect(lambda error: self.seen["crashes"].append(repr(error)))
        self._until(window.windowHandle().isExposed, "the window")
        self._end_tour()
        home = window.page
        assert isinstance(home, HomePage)
        self._until(lambda: home.next.isVisible(), "what is next")
        self._run_demo(home)
        self._see_result(home)
        self._ask()
        for theme in ("light", "dark"):
            window.desk.choose_theme(theme)
            self._visit_all(theme)

    def _end_tour(self) -> None:
        """The first start begins with the tour, over everything else."""
        self._until(lambda: self._is_shown(self.window, "Skip"), "the tour")
        self._picture("tour")
        self._click(self._button(self.window, "Skip"))
        assert not self._is_shown(self.window, "Skip")

    def _run_demo(self, home: HomePage) -> None:
        self._picture("home-before")
        self._click(self._button(home.next, "Run the demo…"))
        self._until(lambda: self._is_shown(home, "Add them and run"), "the question about the sample tasks")
        self._picture("home-samples")
        self._click(self._button(home, "Add them and run"))
        self._until(lambda: home.run.job is not None, "the start")
        self._until(lambda: home.run.isVisible() and bool(home.run.live.answer.text()), "the first answer")
        self._picture("home-generating")
        self._until(
            lambda: "train" in home.run.done or home.run.live.curve.step >= SOME_STEPS,
            "training",
            DEMO_SECONDS,
        )
        self._picture("home-training")
        job = home.run.job
        assert job is not None
        self._until(lambda: job.is_over, "the end of the demo", DEMO_SECONDS)
        self.seen["demo"] = {
            "state": job.state,
            "error": str(job.error or ""),
            "steps": {name: step.outcome for name, step in home.run.done.items()},
        }

    def _see_result(self, home: HomePage) -> None:
        self._until(lambda: "mini" in home.results and home.results["mini"].isVisible(), "the result")
        view = home.results["mini"]
        self._until(lambda: home.flow.cards["test"].figures.state == "done", "the numbers")
        model = view.model
        self.seen["result"] = {
            "sentence": view.sentence.text(),
            "table": [
                [model.index(row, column).data() for column in range(model.columnCount())]
                for row in range(model.rowCount())
            ],
            "cards": {step: card.figures.value for step, card in home.flow.cards.items()},
            "next": home.next.sentence.text(),
        }
        after = []
        for name in ("result-training", "result-evaluate", "result-records"):
            self._click(self._nav("home"))
            (button,) = (one for one in view.findChildren(QPushButton) if one.objectName() == name)
            self._click(button)
            after.append(self.window.page.name if self.window.page else "")
        self.seen["pages after the buttons"] = after

    def _ask(self) -> None:
        """Talk to the student from the button of the result."""
        self._click(self._nav("home"))
        home = self.window.page
        assert isinstance(home, HomePage)
        (button,) = (one for one in home.findChildren(QPushButton) if one.objectName() == "result-chat")
        self._click(button)
        chat = self.window.page
        assert chat is not None and chat.name == "chat"
        self._until(lambda: len(self._shown(chat, ColumnHead)) >= 2, "the models of the chat")
        (message,) = (one for one in self._shown(chat, QPlainTextEdit) if one.accessibleName() == "Message")
        self._click(message)
        window = self.window
        window.activateWindow()  # without a window manager nobody gives the window the keyboard
        self._until(window.isActiveWindow, "the keyboard")
        self._until(message.hasFocus, "the place to write")
        QTest.keyClicks(QApplication.focusWidget(), QUESTION)
        self._click(self._button(chat, "Send"))
        self._until(
            lambda: all(self._answers(chat)) and self._is_shown(chat, "Send") and bool(self._answers(chat)),
            "the answers",
        )
        columns = len(self._shown(chat, ColumnHead))
        self.seen["chat"] = {"columns": columns, "answers": self._answers(chat)}

    def _answers(self, chat: QWidget) -> list[str]:
        return [one.text for one in self._shown(chat, AnswerCard)]

    def _button(self, where: QWidget, text: str) -> QPushButton:
        (found,) = (one for one in self._shown(where, QPushButton) if one.text() == text)
        return found

    def _is_shown(self, where: QWidget, text: str) -> bool:
        return any(one.text() == text for one in self._shown(where, QPushButton))

    def _shown(self, where: QWidget, kind: type[Any]) -> list[Any]:
        return [one for one in where.findChildren(kind) if one.isVisible()]

    def _visit_all(self, theme: str) -> None:
        visited = []
        for entry in PAGES:
            if entry is None:
                continue
            self._click(self._nav(entry[0]))
            page = self.window.page
            assert page is not None
            self._until_read(page)
            visited.append(page.name)
            self._picture(f"{entry[0]}-{theme}")
        self.seen[f"visited {theme}"] = visited

    def _until_read(self, page: Page) -> None:
        """Wait until a page shows what it has read, and what that let it read."""
        for _ in range(2):
            answered: list[bool] = []
            self.window.desk.background.when_answered(page, lambda answered=answered: answered.append(True))
            self._until(lambda answered=answered: bool(answered), f"the content of {page.name}")
            wait(200)

    def _nav(self, name: str) -> QWidget:
        found: QWidget | None = self.window.findChild(QWidget, f"nav-{name}")
        assert found is not None
        return found

    def _click(self, widget: QWidget) -> None:
        """Press the mouse in the middle of a widget, scrolled to first if it is in a scrolled area."""
        area: Any = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(widget)
            wait(100)
        assert widget.isVisible() and widget.isEnabled(), widget.objectName()
        top = widget.window()  # a dialog's own, if it is in one
        place = widget.mapTo(top, widget.rect().center())
        assert top.rect().contains(place), (widget.objectName(), place)
        QTest.mouseClick(top.windowHandle(), LEFT, NO_KEYS, QPoint(place))
        wait(300)

    def _until(self, condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come in {seconds:.0f} s")
            wait(100)

    def _picture(self, name: str) -> None:
        """Take what the screen shows of the window."""
        screen = QGuiApplication.primaryScreen()
        path = self.folder / f"{name}.png"
        screen.grabWindow(self.window.winId()).save(str(path))
        self.seen["pictures"].append(path.name)


def wait(milliseconds: int) -> None:
    """Let the event loop run. QTest.qWait keeps Python's lock meanwhile, and the app's threads starve."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    library, folder = sys.argv[1:]
    app = QApplication([])
    driver = Driver(Path(folder))
    QTimer.singleShot(0, driver.drive)
    sys.argv[:] = ["orca-desk", "desktop", "--library", library]
    main()
