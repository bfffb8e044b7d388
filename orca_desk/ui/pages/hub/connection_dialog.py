"""The dialog for the connection: the hub's address and the user's token."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.models.hub.address import usual_endpoint
from orca_desk.steps.download.request import choose_endpoint, chosen_endpoint
from orca_desk.steps.download.token import Kept, Token, find_token, forget_token, keep_token
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.hub import KEPT, token_sentence

TITLE = "Connection to the hub"
ABOUT = (
    "A token identifies you to the hub; only gated and private models need one. Make one with read permission"
    " in the settings of your account there. It is kept in the system's keyring, or until Orca Desk closes"
    " where there is none; never in a file."
)


class ConnectionDialog(QDialog):
    """Changes the address and the token. `saved` fires when either has changed."""

    saved = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk = desk
        self.setWindowTitle(TITLE)
        self.setMinimumWidth(72 * GRID)
        self.address = QLineEdit()
        self.address.setAccessibleName("Address of the hub")
        self.address.setPlaceholderText(usual_endpoint())
        self.address.setToolTip("Leave it empty for $HF_ENDPOINT or Hugging Face")
        self.token = QLineEdit()
        self.token.setAccessibleName("Token")
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("hf_…")
        self.state = label("Reading the keyring…", tone="muted", wrap=True)
        self.remove = button("Remove token", self._remove, tip="Remove the token that Orca Desk has stored")
        self.remove.setAutoDefault(False)
        self.remove.hide()
        self.notice = Notice(desk)
        self.save_button = button("Save", self._save, primary=True)
        self._lay_out()
        library = desk.library

        def read() -> tuple[str, Token]:
            endpoint = chosen_endpoint(library)
            return endpoint, find_token(endpoint)

        desk.online.background.run(
            self, read, lambda found: self._show(*found), failed=self.notice.show_error
        )

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.addRow("&Address", self.address)
        form.addRow("&Token", self.token)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        whole.setSpacing(2 * GRID)
        whole.addWidget(label(TITLE, size="heading", bold=True))
        whole.addWidget(label(ABOUT, tone="muted", wrap=True))
        whole.addWidget(self.notice)
        whole.addLayout(form)
        row = QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.remove)
        whole.addLayout(row)
        whole.addStretch(1)
        whole.addWidget(dialog_buttons(self, self.save_button))

    def _show(self, endpoint: str, token: Token) -> None:
        self.address.setText("" if endpoint == usual_endpoint() else endpoint)
        self.state.setText(token_sentence(token))
        self.remove.setVisible(token.source in ("session", "keyring"))

    def _save(self) -> None:
        library, address, token = self.desk.library, self.address.text(), self.token.text()

        def store() -> Kept | None:
            endpoint = choose_endpoint(library, address)
            return keep_token(endpoint, token) if token.strip() else None

        self.save_button.setEnabled(False)
        self.desk.online.background.run(self, store, self._saved, failed=self._refused)

    def _saved(self, kept: Kept | None) -> None:
        self.desk.tell("settings")
        self.desk.say(KEPT[kept] if kept else "Saved.", "good")
        self.saved.emit()
        self.accept()

    def _remove(self) -> None:
        library = self.desk.library

        def remove() -> Token:
            endpoint = chosen_endpoint(library)
            forget_token(endpoint)
            return find_token(endpoint)

        def removed(token: Token) -> None:
            self.state.setText(token_sentence(token))
            self.remove.setVisible(token.source in ("session", "keyring"))
            self.saved.emit()

        self.desk.online.background.run(self, remove, removed, failed=self._refused)

    def _refused(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        if isinstance(error, UserError):
            self.notice.show_error(error)
        else:
            self.desk.report(error)
