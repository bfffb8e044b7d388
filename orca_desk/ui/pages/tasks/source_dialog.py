"""What the imports of tasks and of answers show alike: a preview that is read again after each choice."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTableView, QTabWidget, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.rows import BadRow
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.import_choices import ColumnChoices
from orca_desk.ui.pages.tasks.import_tables import PreviewModel, preview_table
from orca_desk.ui.pages.tasks.source_choices import SourceChoices
from orca_desk.ui.theme import GRID, Tone
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.tasks import sentence

Preview = TypeVar("Preview")
PROBLEMS = "Problems"


class SourceDialog(QDialog, Generic[Preview]):
    """Shows the first rows of a source, and what would be imported.

    A subclass gives the choices, adds the tabs and says how a preview is made (`previewing`), how it is shown
    (`show_preview`) and what starts (`begin`).
    """

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        title: str,
        heading: str,
        about: str = "",
        remarks: Tone,
        choices: SourceChoices,
        fields: ColumnChoices,
        others_follow: bool,
    ) -> None:
        """`about` stands under the heading; `remarks` is the tone of what a preview remarks on.

        `others_follow`: the user is asked about other sources next, so that this one can be skipped.
        """
        super().__init__(parent)
        self.desk = desk
        self.ends_all = False  # whether the user wants to be asked about no other source
        self.preview: Preview | None = None
        self.setWindowTitle(title)
        self.resize(960, 720)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label(heading, size="heading", bold=True))
        if about:
            layout.addWidget(label(about, tone="muted", wrap=True))
        self.summary = label("Reading…", tone="muted", wrap=True)
        layout.addWidget(self.summary)
        self.remarks = label(tone=remarks, wrap=True)
        self.remarks.hide()
        layout.addWidget(self.remarks)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.choices, self.fields = choices, fields
        layout.addWidget(choices)
        self._content = QWidget()
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GRID + GRID // 2)
        inner.addWidget(fields)
        self.tabs = QTabWidget()
        inner.addWidget(self.tabs, 1)
        layout.addWidget(self._content, 1)
        self._filler = QWidget()  # keeps an error at the top while there is no content
        self._filler.hide()
        layout.addWidget(self._filler, 1)
        self.problems = PreviewModel(desk.theme, ("Line", "Problem", "What to do"))
        self.buttons = QDialogButtonBox()
        self.import_button = button("Import", primary=True, tip="Ctrl+Enter")
        self.import_button.setEnabled(False)
        self.import_button.setDefault(True)
        self.buttons.addButton(self.import_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.skip_button = button("Skip this file", self.skip, tip="Continue with the next file")
        self.skip_button.setAutoDefault(False)
        self.skip_button.setVisible(others_follow)
        if others_follow:
            self.buttons.addButton(self.skip_button, QDialogButtonBox.ButtonRole.ActionRole)
        cancel = button("Cancel all" if others_follow else "Cancel")
        self.buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.accept)
        choices.changed.connect(self.read)
        fields.changed.connect(self.read)

    def accept(self) -> None:
        """Start the import, if there is a row to import."""
        if self.import_button.isEnabled():
            self.begin()  # before the dialog of the next file opens: their reports are joined
            super().accept()

    def reject(self) -> None:
        """Import nothing of this source, and ask about no other."""
        self.ends_all = True
        super().reject()

    def skip(self) -> None:
        """Import nothing of this source, and continue with the next."""
        self.done(QDialog.DialogCode.Rejected)

    def begin(self) -> None:
        """Start the import."""
        raise NotImplementedError

    def previewing(self) -> Callable[[], Preview]:
        """Return what makes the preview for the choices of now, in another thread; it may raise UserError."""
        raise NotImplementedError

    def show_preview(self, preview: Preview) -> None:
        """Show what the import would do."""
        raise NotImplementedError

    def add_table(self, model: PreviewModel, widths: Sequence[int], title: str, name: str = "") -> QTableView:
        """Add a tab with a table, whose accessible name is `name` or the title; return the table."""
        table = preview_table(model, widths)
        table.setAccessibleName(name or title)
        self.tabs.addTab(table, title)
        return table

    def offer(self, noun: str, *, good: int, whole: bool) -> None:
        """Let the user import `good` rows; `whole`: these are all that the source has."""
        self.import_button.setEnabled(good > 0)
        text = f"Import {counted(good, noun)}" if whole else "Import all"
        self.import_button.setText(text if good else "Import")

    def show_problems(self, problems: Sequence[BadRow], refused: int) -> None:
        """Show the first rows that are refused, of `refused` in all, in the last tab."""
        self.problems.set_rows([(f"{one.line:,}", sentence(one.what), one.hint) for one in problems], set())
        last = self.tabs.count() - 1
        self.tabs.setTabText(last, f"{PROBLEMS} ({refused:,})")
        self.tabs.setTabEnabled(last, bool(refused))

    def remark(self, lines: Sequence[str]) -> None:
        """Show what the user should know of the rows."""
        self.remarks.setText("\n".join(lines))
        self.remarks.setVisible(bool(lines))

    def read(self) -> None:
        """Read the preview again, in the background."""
        self.desk.background.run(
            self, self.previewing(), self._take, failed=self._fail, only_newest="preview"
        )

    def _take(self, preview: Preview) -> None:
        self.preview = preview
        self.notice.hide()
        self._content.show()
        self._filler.hide()
        self.show_preview(preview)

    def _fail(self, error: Exception) -> None:
        self.preview = None
        self.choices.offer_lists(error.names if isinstance(error, SeveralListsError) else ())
        self._content.setVisible(not isinstance(error, UserError))
        self._filler.setVisible(isinstance(error, UserError))
        self.summary.setText("Nothing was imported.")
        self.remarks.hide()
        self.import_button.setEnabled(False)
        self.notice.show_error(error)


def heading_of(text: str, position: str) -> str:
    """Return a dialog's heading; `position` says which of several sources this is, "" for the only one."""
    return f"{text}  ({position})" if position else text
