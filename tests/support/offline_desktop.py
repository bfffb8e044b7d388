"""Run by `test_offline`: the real desktop opens every page and asks a question in Chat.

    python -m tests.support.offline_desktop LIBRARY

Prints the answers as JSON.
"""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from orca_desk.ui import app as desktop
from orca_desk.ui.pages.chat.answer import AnswerCard
from orca_desk.ui.pages.chat.page import ChatPage
from orca_desk.ui.register import NAMES
from orca_desk.ui.window import Window

QUESTION = "Lucy has 38 cups. Lucy finds 9 more. How many cups does Lucy have now?"
LOOK_MS = 100


class Visit:
    """Looks at the window until the answers are there, then prints them and closes it."""

    def __init__(self) -> None:
        self.timer = QTimer()
        self.timer.setInterval(LOOK_MS)
        self.timer.timeout.connect(self.look)
        self.timer.start()
        self.chat: ChatPage | None = None
        self.is_sent = False

    def look(self) -> None:
        """Begin as soon as there is a window; end as soon as nothing is being answered any more."""
        window = next((one for one in QApplication.topLevelWidgets() if isinstance(one, Window)), None)
        if window is None or not window.isVisible():
            return
        if self.chat is None:
            for name in NAMES:
                window.show_page(name)
            page = window.show_page("chat")
            assert isinstance(page, ChatPage)
            self.chat = page
        elif not self.is_sent:
            if self.chat.conversation.models:
                self.chat.composer.input.setPlainText(QUESTION)
                self.chat.messages.send()
                self.is_sent = True
        elif not self.chat.conversation.is_busy and all(texts := self.answers()):
            print(json.dumps(texts))
            self.timer.stop()
            window.close()

    def answers(self) -> list[str]:
        """Return the texts of all answers; one that is not there yet is empty."""
        assert self.chat is not None
        return [card.text for card in self.chat.findChildren(AnswerCard)] or [""]


if __name__ == "__main__":
    QApplication(sys.argv[:1])
    visit = Visit()
    sys.exit(desktop.main(Path(sys.argv[1])))
