"""Text files as the context of a message: chosen in a dialog, or dropped."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from orca_desk.steps.chat.conversation import read_text
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.composer import Composer


class ContextFiles(QObject):
    """Reads a file into the composer, or says on the page why it cannot be read."""

    def __init__(self, page: Page, composer: Composer) -> None:
        super().__init__(page)
        self._page, self._composer = page, composer
        composer.file.connect(self.choose)
        composer.dropped.connect(self.read)

    def choose(self) -> None:
        """Ask for a file."""
        dialog = QFileDialog(self._page, "A text file to reason over")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda text: self.read(Path(text)))
        dialog.open()

    def read(self, path: Path) -> None:
        """Make a file's text the context."""
        self._page.desk.background.run(
            self, lambda: read_text(path), self._take, failed=self._page.notice.show_error
        )

    def _take(self, text: str) -> None:
        self._page.notice.hide()
        self._composer.set_context(text)
