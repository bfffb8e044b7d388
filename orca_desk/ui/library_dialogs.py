"""The dialogs about libraries: a new one, one from a bundle, another name, and what a bundle has."""

import re
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.library.naming import LONGEST
from orca_desk.models.fits import human_bytes
from orca_desk.paths import expanded
from orca_desk.steps.carry.contents import ALWAYS, Contents
from orca_desk.steps.carry.manifest import ContentKind
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.breaking_label import BreakingLabel
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.bundles import CHOICES, KINDS, LEAVES_OUT, missing_models

WIDE = 64 * GRID  # px
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')  # no system's folders have them all


class NewLibraryDialog(QDialog):
    """Asks what a new library is called, in which folder it lies, and whether it gets the sample tasks."""

    def __init__(
        self,
        parent: QWidget,
        *,
        place: Path,
        name: str,
        heading: str,
        about: str,
        samples: bool | None,
        accept: str = "",
    ) -> None:
        """`samples`: whether their box is checked; None leaves it out. `accept` is the text of the button."""
        super().__init__(parent)
        self.setWindowTitle(heading)
        self.setMinimumWidth(min(grown(WIDE), parent.width()))
        self._place = place
        layout = _column(self)
        layout.addWidget(label(heading, size="heading", bold=True))
        layout.addWidget(label(about, tone="muted", wrap=True))
        form = QFormLayout()
        form.setSpacing(GRID)
        self.name = QLineEdit(name)
        self.name.setMaxLength(LONGEST)
        self.name.setPlaceholderText("For example: my thesis")
        self.name.selectAll()
        form.addRow("&Name", self.name)
        row = QHBoxLayout()
        self.where = QLineEdit(str(place))
        self.where.setAccessibleName("Folder to create the library in")
        browse = QToolButton()
        browse.setText("Browse…")
        browse.clicked.connect(self._browse)
        row.addWidget(self.where, 1)
        row.addWidget(browse)
        form.addRow("&In", row)
        form.labelForField(row).setBuddy(self.where)  # type: ignore[attr-defined] # it is a QLabel
        layout.addLayout(form)
        self.path = BreakingLabel()
        layout.addWidget(self.path)
        self.samples = QCheckBox("Add the demo's &sample tasks")
        self.samples.setToolTip("For trying things out. Tasks › Remove the sample tasks removes them again.")
        self.samples.setChecked(bool(samples))
        self.samples.setVisible(samples is not None)
        layout.addWidget(self.samples)
        self.make = button(accept or ("Create" if samples is not None else "Open"), self.accept, primary=True)
        layout.addWidget(dialog_buttons(self, self.make))
        self.name.textChanged.connect(self._show_path)
        self.where.textChanged.connect(self._show_path)
        self._show_path()

    @property
    def folder(self) -> Path:
        """The folder that the library gets."""
        return expanded(Path(self.where.text())) / folder_name(self.name.text())

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Where to create the library", self.where.text())
        if chosen:
            self.where.setText(chosen)

    def _show_path(self) -> None:
        problem = self._problem()
        set_tone(self.path, "bad" if problem else "muted")
        self.path.setText(problem or f"Its folder: {self.folder}")
        self.make.setEnabled(not problem)

    def _problem(self) -> str:
        """Return why the library cannot be made there, or ""."""
        if not folder_name(self.name.text()):
            return "Give the library a name."
        if not expanded(Path(self.where.text())).is_absolute():
            return "Choose the folder to create the library in."
        folder = self.folder
        try:
            if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
                return f"{folder} is not empty: choose another name."
        except OSError as error:
            return f"{folder} cannot be read ({error.strerror})."
        return ""


class RenameDialog(QDialog):
    """Asks for another name of the library."""

    def __init__(self, parent: QWidget, *, name: str, folder: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle("Rename the library")
        self.setMinimumWidth(min(grown(WIDE), parent.width()))
        layout = _column(self)
        layout.addWidget(label("Rename the library", size="heading", bold=True))
        self.name = QLineEdit(name)
        self.name.setMaxLength(LONGEST)
        self.name.setAccessibleName("Name of the library")
        self.name.selectAll()
        layout.addWidget(self.name)
        about = BreakingLabel()
        about.setText(f"Its folder stays {folder}. Without a name, the library is called after its folder.")
        set_tone(about, "muted")
        layout.addWidget(about)
        layout.addWidget(dialog_buttons(self, button("Rename", self.accept, primary=True)))


class BundleDialog(QDialog):
    """Asks what a bundle has beside the database and the adapters. `kinds()` returns the answer."""

    def __init__(self, parent: QWidget, contents: Contents) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save as bundle")
        self.setMinimumWidth(min(grown(WIDE), parent.width()))
        self._contents = contents
        layout = _column(self)
        layout.addWidget(label("Save as bundle", size="heading", bold=True))
        about = (
            "One file with the whole library, to open on another computer with File › Open bundle. It has all"
            " tasks, records, snapshots, trained adapters, evaluations, chats and settings. It can also have:"
        )
        layout.addWidget(label(about, tone="muted", wrap=True))
        self.boxes: dict[ContentKind, QCheckBox] = {}
        for kind in CHOICES:
            size = contents.sizes.get(kind, 0)
            text = KINDS[kind]
            box = QCheckBox(f"{text[0].upper()}{text[1:]} ({human_bytes(size)})")
            box.setChecked(size > 0 and kind != "models")
            box.setEnabled(size > 0)
            box.toggled.connect(self._show_size)
            self.boxes[kind] = box
            layout.addWidget(box)
        self.models = BreakingLabel()
        set_tone(self.models, "muted")
        layout.addWidget(self.models)
        self.total = label(wrap=True)
        layout.addWidget(self.total)
        layout.addWidget(label(LEAVES_OUT, tone="muted", wrap=True))
        layout.addWidget(dialog_buttons(self, button("Choose a file…", self.accept, primary=True)))
        self._show_size()

    def kinds(self) -> frozenset[ContentKind]:
        """Return what is selected."""
        return frozenset(kind for kind, box in self.boxes.items() if box.isChecked())

    def _show_size(self) -> None:
        kinds = ALWAYS | self.kinds()
        size = sum(size for kind, size in self._contents.sizes.items() if kind in kinds)
        self.total.setText(f"Up to {human_bytes(size)}; the database is compressed.")
        has_models = self.boxes["models"].isChecked()
        missing = [one.model for one in self._contents.models if not (has_models and one.can_come)]
        self.models.setText(" ".join(missing_models(missing)))
        self.models.setVisible(bool(missing))


def folder_name(name: str) -> str:
    """Return the name of the folder for a library of this name; "" if nothing of it can be in one."""
    return NOT_IN_NAMES.sub("-", name).strip(" .-")[:LONGEST]


def _column(dialog: QDialog) -> QVBoxLayout:
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
    layout.setSpacing(GRID + GRID // 2)
    return layout
