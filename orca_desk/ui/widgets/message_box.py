"""A message box: a sentence, its remedy and buttons, for questions that cannot wait."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, current_colours, font
from orca_desk.ui.widgets.breaking_label import BreakingLabel
from orca_desk.ui.widgets.on_screen import keep_on_screen
from orca_desk.ui.widgets.text import button

WIDTH = 62 * GRID  # px, where the screen has room
Roles = QDialogButtonBox.ButtonRole


class MessageBox(QDialog):
    """Says or asks one thing. A button closes the box, then does its work; the box deletes itself.

    Esc presses the button that `leave` adds. A text that is too long for the screen scrolls. A box without a
    parent needs `Theme.apply_to`.
    """

    def __init__(
        self,
        parent: QWidget | None,
        text: str,
        hint: str,
        *,
        image: str = "circle-help",
        role: Role = "accent",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Orca Desk")
        self.chosen: QAbstractButton | None = None  # the button that was pressed
        self._runs: dict[QAbstractButton, Callable[[], Any]] = {}
        self._leave: QPushButton | None = None
        self.picture = QLabel()
        self.picture.setPixmap(pixmap(image, current_colours(), role, 4 * GRID))
        self._text, self._hint = BreakingLabel(), BreakingLabel()
        self._texts = QVBoxLayout()
        self._texts.setSpacing(GRID)
        for words in (self._text, self._hint):
            words.setMinimumWidth(28 * GRID)
            policy = QSizePolicy.Policy
            words.setSizePolicy(policy.Ignored, policy.Preferred)  # a height for the width that it has
            self._texts.addWidget(words)
        self._text.setFont(font("body", bold=True))
        self._texts.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._texts, 1)
        self._box = QDialogButtonBox()
        self._box.clicked.connect(self._press)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        self._column.setSpacing(2 * GRID)
        self._column.addLayout(row)
        self._column.addWidget(self._box)
        self.finished.connect(self.deleteLater)
        self.say(text, hint)

    def text(self) -> str:
        """Return the sentence."""
        return self._text.text()

    def hint(self) -> str:
        """Return what else there is to know, or ""."""
        return self._hint.text()

    def buttons(self) -> list[QAbstractButton]:
        """Return the buttons."""
        return self._box.buttons()

    def say(self, text: str, hint: str) -> None:
        """Show another text."""
        self._text.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(text)
        self.setAccessibleDescription(hint)
        if self.isVisible():
            self._fit()
            keep_on_screen(self)

    def offer(
        self, text: str, run: Callable[[], Any] | None = None, *, role: Roles = Roles.AcceptRole
    ) -> QPushButton:
        """Add a button that does something."""
        made = button(text)
        if run is not None:
            self._runs[made] = run
        self._box.addButton(made, role)
        return made

    def leave(self, text: str = "Cancel", run: Callable[[], Any] | None = None) -> QPushButton:
        """Add the button that leaves all as it is. Esc presses it, and Enter."""
        self._leave = made = self.offer(text, run, role=Roles.RejectRole)
        self.default(made)
        return made

    def default(self, pressed: QPushButton) -> None:
        """Let Enter press this button, which has the focus first."""
        pressed.setDefault(True)
        pressed.setFocus()

    def put(self, part: QWidget) -> None:
        """Put a control below the text, such as a list to choose from."""
        self._texts.insertWidget(self._texts.count() - 1, part)

    def setVisible(self, visible: bool) -> None:  # noqa: N802 - Qt's name
        """Take the size of the text at the opening."""
        if visible:
            self.ensurePolished()
            self._fit()
        super().setVisible(visible)

    def reject(self) -> None:
        """Leave all as it is."""
        if self._leave is not None and self.chosen is None:
            self._leave.click()
        else:
            super().reject()

    def _press(self, pressed: QAbstractButton) -> None:
        self.chosen = pressed
        self.done(0)
        if (run := self._runs.get(pressed)) is not None:
            run()

    def _fit(self) -> None:
        """Take the height that the text needs. A box that scrolls keeps its size."""
        if self.layout() is self._column:
            width = max(WIDTH, self._box.sizeHint().width() + 4 * GRID)
            self.resize(width, self._column.totalHeightForWidth(width))
