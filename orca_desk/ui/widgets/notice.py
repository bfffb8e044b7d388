"""A notice in the page: a sentence with its remedy, instead of a dialog."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.announce import announce
from orca_desk.ui.widgets.text import button, label

if TYPE_CHECKING:
    from orca_desk.ui.desk import Desk

Kind = Literal["info", "good", "warn", "bad"]
LOOKS: dict[Kind, tuple[str, Role]] = {
    "info": ("info", "accent"),
    "good": ("circle-check", "good"),
    "warn": ("triangle-alert", "warn"),
    "bad": ("circle-x", "bad"),
}


class Notice(QFrame):
    """A strip with an icon, a sentence, a remedy and an optional button; hidden until it has a message."""

    def __init__(self, desk: "Desk") -> None:
        super().__init__()
        self.desk = desk
        self._kind: Kind = "info"
        self._run: Callable[[], Any] = lambda: None
        self._offered: int | None = None  # the place in the undo stack of the change that the button undoes
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        row.setSpacing(GRID)
        self._icon = QLabel()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.text = label(bold=True, wrap=True, selectable=True)
        self.hint = label(wrap=True, selectable=True)
        words.addWidget(self.text)
        words.addWidget(self.hint)
        row.addLayout(words, 1)
        self.action = button("", lambda: self._run())
        # In a dialog, Enter in a field would press the first button that may become the default one
        self.action.setAutoDefault(False)
        row.addWidget(self.action)
        self.dismiss = QToolButton()
        self.dismiss.setAccessibleName("Dismiss message")
        self.dismiss.setToolTip("Dismiss message")
        self.dismiss.clicked.connect(self.hide)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        desk.theme.changed.connect(self._paint)
        self.hide()

    def show_message(
        self,
        text: str,
        hint: str = "",
        *,
        kind: Kind = "info",
        action: str = "",
        run: Callable[[], Any] | None = None,
    ) -> None:
        """Show a sentence, the remedy, and a button that applies it."""
        self._kind, self._run = kind, run or self._run
        self._offered = None
        self.text.setText(text)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self.setAccessibleName(f"{text} {hint}")
        self._paint()
        self.show()
        announce(self, f"{text} {hint}".strip(), urgent=kind == "bad")

    def offer_undo(self, text: str, *, change: str) -> None:
        """Show a sentence, and a button that undoes `change`, as the menu names it.

        Without the button if another change came after it, and only until one does: it would undo that one.
        """
        stack = self.desk.undo
        if stack.undoText() != change:
            self.show_message(text, kind="good")
            return
        self.show_message(text, kind="good", action="Undo", run=stack.undo)
        self._offered = stack.index()
        stack.indexChanged.connect(self._withdraw_undo, Qt.ConnectionType.UniqueConnection)

    def show_error(self, error: Exception) -> None:
        """Show a UserError. Any other error is a bug and becomes a crash report."""
        if isinstance(error, UserError):
            self.show_message(error.message, error.hint, kind="bad")
        else:
            self.desk.report(error)

    def _withdraw_undo(self, index: int) -> None:
        if self._offered not in (None, index):
            self.hide()

    def _paint(self) -> None:
        name, role = LOOKS[self._kind]
        colours = self.desk.theme.colours
        self._icon.setPixmap(pixmap(name, colours, role))
        self.dismiss.setIcon(icon("x", colours))
        ground, line = colours.tint(role, 0.1).name(), colours.tint(role, 0.5).name()
        self.setStyleSheet(
            f"Notice {{ background: {ground}; border: 1px solid {line}; border-radius: 8px; }}"
        )


def notice_around(view: QWidget) -> Notice:
    """Return the notice of the page or dialog that a view is in.

    That of a part of it would be hidden where nothing is left to show.
    """
    found: Notice | None = None
    part: QWidget | None = view
    while part is not None and (found is None or not part.isWindow()):
        notice = getattr(part, "notice", None)
        found = notice if isinstance(notice, Notice) else found
        part = part.parentWidget()
    assert found is not None, "no page around the view has a notice"
    return found
