"""Rich text of any origin, shown so that it can load nothing: no image, style sheet, file or address."""

from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import QMessageBox, QTextBrowser, QWidget


class NoLoadDocument(QTextDocument):
    """A document that refuses every resource. An empty QImage, unlike None, also keeps local files out."""

    def loadResource(self, kind: int, name: QUrl) -> Any:  # noqa: N802 - Qt's name
        """Return nothing, whatever is asked for."""
        return QImage()


class Browser(QTextBrowser):
    """Shows HTML that we made or Markdown that anyone wrote. A link is opened only after the user agrees."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocument(NoLoadDocument(self))
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._ask)

    def loadResource(self, kind: int, name: QUrl) -> Any:  # noqa: N802 - Qt's name
        """Return nothing, whatever is asked for."""
        return QImage()

    def set_markdown(self, text: str) -> None:
        """Show Markdown; HTML in it is shown as the text it is."""
        self.document().setMarkdown(text, QTextDocument.MarkdownFeature.MarkdownDialectGitHub
                                    | QTextDocument.MarkdownFeature.MarkdownNoHTML)  # fmt: skip

    def _ask(self, url: QUrl) -> None:
        if url.scheme() not in ("http", "https", "mailto"):
            return
        answer = QMessageBox.question(
            self,
            self.tr("Open this link?"),
            self.tr("Your browser will go online to:\n{}").format(url.toDisplayString()),
        )
        if answer == QMessageBox.StandardButton.Yes:
            QDesktopServices.openUrl(url)
