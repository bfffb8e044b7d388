"""The Settings page's cards for the library, the appearance, the offline state, help and versions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QGridLayout, QToolButton

from orca_desk.about import licences, versions
from orca_desk.library.locations import SpaceUsed, log_folder, space_used
from orca_desk.models.fits import human_bytes
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import room_for_icon
from orca_desk.ui.theme import GRID, TEXT_SIZES, Choice
from orca_desk.ui.widgets.breaking_label import BreakingLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.keys import native
from orca_desk.ui.widgets.settings_card import SettingsCard, row
from orca_desk.ui.widgets.text import label


class LibraryCard(SettingsCard):
    """The library's folder and size, with backup and check."""

    def __init__(
        self,
        desk: Desk,
        *,
        back_up: Callable[[], Any],
        restore: Callable[[], Any],
        check: Callable[[], Any],
        compact: Callable[[], Any],
    ) -> None:
        super().__init__(
            desk,
            image="library",
            title="Library",
            about="This folder holds all your work: tasks, records, trainings, evaluations, chats.",
        )
        self.path = label(str(desk.library.folder), wrap=True, selectable=True)
        self.path.setAccessibleName("Folder of the library")
        self.space = label("Measuring…", tone="muted", wrap=True)
        self.rows.addWidget(self.path)
        self.rows.addWidget(self.space)
        self.copy_path = self.tool("Copy path", "copy", lambda: self.copy(self.path.text()))
        self.open = self.tool("Open folder", "folder-open", lambda: self.open_folder(desk.library.folder))
        self.back_up = self.tool(
            "Back up to a file…",
            "save",
            back_up,
            tip="Write one file with the whole library; you choose whether adapters are in it",
        )
        self.restore = self.tool(
            "Restore from a file…",
            "undo-2",
            restore,
            tip="Shows what would be lost and come back first; restores in place or as a separate library",
        )
        self.check = self.tool(
            "Check",
            "shield-check",
            check,
            tip="Check every table, index and snapshot",
        )
        self.compact = self.tool(
            "Compact",
            "box",
            compact,
            tip="Give the space of deleted rows back to the disk",
        )
        self.logs = self.tool("Open logs", "file-text", lambda: self.open_folder(log_folder(desk.library)))
        self.rows.addSpacing(GRID // 2)
        self.rows.addLayout(row(self.back_up, self.restore, self.check, self.compact))
        self.rows.addLayout(row(self.open, self.copy_path, self.logs))
        self.paint()

    def measure(self) -> None:
        """Measure the library on disk in the background."""
        folder = self.desk.library.folder
        self.desk.background.run(self, lambda: space_used(folder), self._show, only_newest="size")

    def _show(self, room: SpaceUsed) -> None:
        self.space.setText(
            f"{human_bytes(room.total)} on disk, {human_bytes(room.database)} of it in the database; "
            f"{human_bytes(room.free)} free"
        )


class AppearanceCard(SettingsCard):
    """The theme, the size of text and plain text, the same choices as in the View menu."""

    def __init__(self, desk: Desk, choose: Callable[[Choice], Any]) -> None:
        super().__init__(desk, image="palette", title="Appearance")
        self._group = QButtonGroup(self)
        self.choices: dict[str, QToolButton] = {}
        names = (
            ("system", "Match system", "settings"),
            ("light", "Light", "sun"),
            ("dark", "Dark", "moon"),
        )
        for choice, text, image in names:
            made = QToolButton()
            made.setText(text)
            made.setAccessibleName(f"Theme: {text}")
            made.setCheckable(True)
            made.setProperty("kind", "button")
            room_for_icon(made)
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.clicked.connect(lambda checked=False, choice=choice: choose(choice))
            self.icons.append((made, image))
            self._group.addButton(made)
            self.choices[choice] = made
        self.rows.addLayout(row(*self.choices.values()))
        self.text_size = QComboBox()
        self.text_size.setAccessibleName("Text size")
        for percent in TEXT_SIZES:
            self.text_size.addItem(f"{percent}%", percent)
        self.text_size.activated.connect(lambda: desk.choose_text_size(self.text_size.currentData()))
        keys = " and ".join(native(key) for key in ("Ctrl++", "Ctrl+-"))
        hint = label(f"{keys} on any page", size="caption", tone="muted")
        self.rows.addLayout(row(label("Text size"), self.text_size, hint))
        self.as_written = QCheckBox("Show answers as plain text")
        self.as_written.setToolTip("Without Markdown, formulas and coloured code, on every page")
        self.as_written.clicked.connect(desk.choose_as_written)
        self.rows.addWidget(self.as_written)
        self.paint()

    def paint(self) -> None:
        """Mark the current choices."""
        super().paint()
        theme = self.desk.theme
        self.choices[theme.choice].setChecked(True)
        self.text_size.setCurrentIndex(TEXT_SIZES.index(theme.text_size))
        self.as_written.setChecked(theme.as_written)


class OfflineCard(SettingsCard):
    """What stays on this machine, and what opens a connection."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, image="wifi-off", title="Offline")
        self.rows.addWidget(label("Everything works without a network.", bold=True))
        sentences = (
            "Teacher, student, training, evaluation and chat run here, from files on this disk."
            " There is no account, no telemetry and no update check.",
            "Orca Desk opens a connection only while you are online on the Hub page, as the status bar shows,"
            " or run orca-desk models search or download. A link opens in your browser, after you agree.",
            "The self-test records the connections that Python code opens; it does not see native code.",
            "Text in tasks, records and chats cannot load images, files or addresses.",
        )
        for sentence in sentences:
            self.rows.addWidget(label(sentence, wrap=True))
        self.paint()


class HelpCard(SettingsCard):
    """The command palette, the shortcuts and the tour."""

    def __init__(self, desk: Desk, tools: Sequence[tuple[str, str, Callable[[], Any]]]) -> None:
        """`tools` are buttons: text, icon, and the function to run."""
        super().__init__(desk, image="circle-help", title="Help")
        self.buttons = [self.tool(text, image, run) for text, image, run in tools]
        self.rows.addLayout(row(*self.buttons))
        self.paint()


class AboutCard(SettingsCard):
    """Versions and licences."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            image="info",
            title="About Orca Desk",
            about="Teaches a small language model to reason, with the Orca 2 method, on one machine.",
        )
        self.versions: dict[str, str] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(3 * GRID)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.rows.addLayout(self._grid)
        self.copy_versions = self.tool("Copy versions", "copy", self._copy)
        self.rows.addLayout(row(self.copy_versions))
        self.rows.addWidget(label("Licences", bold=True))
        self.rows.addWidget(label("Orca Desk is licensed under Apache 2.0. It includes:", wrap=True))
        for name, path in licences().items():
            line = FlowRow()
            line.addWidget(label(name, wrap=True), 1)
            link = self.tool("Open", "external-link", partial(self.open_folder, path))
            link.setAccessibleName(f"Open the licence of {name}")
            line.addWidget(link)
            self.rows.addLayout(line)
        self.paint()

    def look(self) -> None:
        """Read the versions in the background."""
        if not self.versions:
            self.desk.background.run(self, versions, self._show, only_newest="versions")

    def _show(self, found: dict[str, str]) -> None:
        if self.versions:
            return
        self.versions = found
        for place, (name, value) in enumerate(found.items()):
            self._grid.addWidget(label(name, tone="muted"), place, 0)
            shown = BreakingLabel()
            shown.setText(value)
            self._grid.addWidget(shown, place, 1)

    def _copy(self) -> None:
        self.copy("\n".join(f"{name} {value}" for name, value in self.versions.items()))
