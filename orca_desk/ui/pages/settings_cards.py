"""The cards of the Settings page, one a subject."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.about import licences, versions
from orca_desk.errors import UserError
from orca_desk.jobs.defaults import (
    LARGEST_BATCH,
    StudentMessage,
    choose_message,
    choose_runner,
    choose_sampling,
    chosen_batch,
    chosen_threads,
    default_message,
    default_sampling,
)
from orca_desk.library.places import log_folder
from orca_desk.library.size import Room, room_of
from orca_desk.method.erasure import CAUTIOUS, InstructionKind
from orca_desk.method.records import Sampling
from orca_desk.models.fits import human_bytes
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.theme import GRID, Choice
from orca_desk.ui.widgets.settings_form import SettingsForm, number_box
from orca_desk.ui.widgets.text import button, label, set_tone

WRITE_AFTER_MS = 400  # of quiet after a keystroke
Report = Callable[[Exception], None]


class SettingsCard(QFrame):
    """A framed subject: an icon, a heading, what it is about, and its rows in `self.rows`."""

    def __init__(self, desk: Desk, *, image: str, title: str, about: str = "") -> None:
        super().__init__()
        self.desk = desk
        self._image = image
        self._icons: list[tuple[Any, str]] = []
        self.setProperty("kind", "card")
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID + 4)
        layout.setSpacing(GRID)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        self._picture = QLabel()
        head.addWidget(self._picture)
        head.addWidget(label(title, size="heading", bold=True), 1)
        layout.addLayout(head)
        if about:
            layout.addWidget(label(about, tone="muted", wrap=True))
            layout.addSpacing(GRID // 2)
        self.rows = QVBoxLayout()
        self.rows.setSpacing(GRID)
        layout.addLayout(self.rows)
        desk.theme.changed.connect(self.paint)

    def tool(self, text: str, image: str, run: Callable[[], Any], *, tip: str = "") -> Any:
        """Return a button with an icon that follows the theme."""
        made = button(text, run, tip=tip)
        self._icons.append((made, image))
        return made

    def paint(self) -> None:
        """Draw the icons in the theme's colours."""
        colours = self.desk.theme.colours
        self._picture.setPixmap(pixmap(self._image, colours, "accent", 20))
        for one, image in self._icons:
            one.setIcon(icon(image, colours))

    def open_folder(self, folder: Any) -> None:
        """Show a folder in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def copy(self, text: str) -> None:
        """Copy a text."""
        QGuiApplication.clipboard().setText(text)
        self.desk.say(self.tr("Copied."))


class LibraryCard(SettingsCard):
    """Where the library is, how large, its backup and its check."""

    def __init__(self, desk: Desk, *, back_up: Callable[[], Any], check: Callable[[], Any]) -> None:
        super().__init__(
            desk,
            image="library",
            title=desk.tr("Library"),
            about=desk.tr(
                "Everything you make is in this folder: tasks, records, trainings, evaluations, chats."
            ),
        )
        self.path = label(str(desk.library.folder), wrap=True, selectable=True)
        self.path.setAccessibleName(self.tr("The library's folder"))
        self.size = label(self.tr("Counting…"), tone="muted", wrap=True)
        self.rows.addWidget(self.path)
        self.rows.addWidget(self.size)
        self.copy_path = self.tool(self.tr("Copy the path"), "copy", lambda: self.copy(self.path.text()))
        self.open = self.tool(
            self.tr("Open folder"), "folder-open", lambda: self.open_folder(desk.library.folder)
        )
        self.back_up = self.tool(
            self.tr("Back up…"),
            "save",
            back_up,
            tip=self.tr("One file with everything but adapters, checkpoints and logs"),
        )
        self.check = self.tool(
            self.tr("Check"),
            "shield-check",
            check,
            tip=self.tr("Read everything and say whether it is whole"),
        )
        self.logs = self.tool(
            self.tr("Open logs"), "file-text", lambda: self.open_folder(log_folder(desk.library))
        )
        self.rows.addSpacing(GRID // 2)
        self.rows.addLayout(row(self.back_up, self.check, self.open, self.copy_path, self.logs))
        self.paint()

    def measure(self) -> None:
        """Count the library's bytes in the background."""
        folder = self.desk.library.folder
        self.desk.background.run(self, lambda: room_of(folder), self._show, only_newest="size")

    def _show(self, room: Room) -> None:
        self.size.setText(
            self.tr("{} on disk ({} of it the database), {} free").format(
                human_bytes(room.total), human_bytes(room.database), human_bytes(room.free)
            )
        )


class LookCard(SettingsCard):
    """The theme, in step with the menu."""

    def __init__(self, desk: Desk, choose: Callable[[Choice], Any]) -> None:
        super().__init__(desk, image="palette", title=desk.tr("Look"))
        self._group = QButtonGroup(self)
        self.choices: dict[str, QToolButton] = {}
        names = (
            ("system", self.tr("As the system"), "settings"),
            ("light", self.tr("Light"), "sun"),
            ("dark", self.tr("Dark"), "moon"),
        )
        for choice, text, image in names:
            made = QToolButton()
            made.setText(text)
            made.setAccessibleName(self.tr("Theme: {}").format(text))
            made.setCheckable(True)
            made.setProperty("kind", "button")
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.clicked.connect(lambda checked=False, choice=choice: choose(choice))
            self._icons.append((made, image))
            self._group.addButton(made)
            self.choices[choice] = made
        self.rows.addLayout(row(*self.choices.values()))
        self.paint()

    def paint(self) -> None:
        """Mark the theme that is chosen."""
        super().paint()
        self.choices[self.desk.theme.choice].setChecked(True)


class RunningCard(SettingsCard):
    """How models are run and how they answer, unless a page says otherwise."""

    def __init__(self, desk: Desk, report: Report) -> None:
        super().__init__(
            desk,
            image="cpu",
            title=desk.tr("Running models"),
            about=desk.tr(
                "First values for the teacher, measurements and evaluations. Each can be changed there."
            ),
        )
        self._report = report
        self.threads = _spin(self.tr("all cores"), 1024)
        self.batch = _spin(self.tr("what suits the model"), LARGEST_BATCH)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(2, 1)
        rows = (
            (self.tr("CPU threads"), self.threads, self.tr("Fewer leave room for other programs.")),
            (
                self.tr("Answers at once"),
                self.batch,
                self.tr("More are faster together and take more memory."),
            ),
        )
        for place, (text, control, about) in enumerate(rows):
            words = label(text)
            words.setBuddy(control)
            control.setAccessibleName(text)
            control.setAccessibleDescription(about)
            control.setMinimumWidth(22 * GRID)
            grid.addWidget(words, place, 0)
            grid.addWidget(control, place, 1)
            grid.addWidget(label(about, size="caption", tone="muted", wrap=True), place, 2)
            control.valueChanged.connect(self._keep_runner)
        self.rows.addLayout(grid)
        self.rows.addSpacing(GRID // 2)
        self.rows.addWidget(label(self.tr("How models answer"), bold=True))
        self.form: SettingsForm[Sampling] = SettingsForm(Sampling, skip=("stop",))
        self.form.show_all(True)
        self.rows.addWidget(self.form)
        self._timer = _after_quiet(self, self._keep_sampling)
        self.refused = label(tone="bad", wrap=True)
        self.refused.hide()
        self.rows.addWidget(self.refused)
        self.restore = self.tool(self.tr("Back to the defaults"), "rotate-ccw", self._restore)
        self.rows.addLayout(row(self.restore))
        self.show_choice()
        self.form.changed.connect(self._timer.start)
        self.paint()

    def show_choice(self) -> None:
        """Show what the library has."""
        library = self.desk.library
        for control, value in ((self.threads, chosen_threads(library)), (self.batch, chosen_batch(library))):
            with QSignalBlocker(control):
                control.setValue(value or 0)
        self._show_sampling(default_sampling(library))

    def _show_sampling(self, sampling: Sampling) -> None:
        with QSignalBlocker(self.form):
            self.form.set_value(sampling)
        self.refused.hide()

    def _keep_runner(self, value: int) -> None:
        try:
            choose_runner(
                self.desk.library, threads=self.threads.value() or None, batch=self.batch.value() or None
            )
        except UserError as error:
            self._report(error)
        else:
            self.desk.tell("settings")

    def _keep_sampling(self) -> None:
        try:
            choose_sampling(self.desk.library, self.form.value())
        except UserError as error:
            self.refused.setText(str(error))
            self.refused.show()
        else:
            self.refused.hide()
            self.desk.tell("settings")

    def _restore(self) -> None:
        self.threads.setValue(0)
        self.batch.setValue(0)
        self._show_sampling(Sampling())
        self._keep_sampling()


class MessageCard(SettingsCard):
    """What the student is told in place of the strategy's instruction."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            image="eraser",
            title=desk.tr("The student's message"),
            about=desk.tr(
                "What takes the place of the erased strategy in new snapshots: the student sees only this."
            ),
        )
        self.kind = QComboBox()
        words: dict[InstructionKind, str] = {
            "cautious": self.tr("Cautious, as in the paper"),
            "empty": self.tr("Empty"),
            "own": self.tr("My own"),
        }
        for kind in get_args(InstructionKind):
            self.kind.addItem(words[kind], kind)
        self.kind.setAccessibleName(self.tr("The student's message"))
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("The text of the student's message"))
        self.text.setPlaceholderText(
            self.tr("Say nothing of a way of answering: the student must learn to choose.")
        )
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(10 * GRID)
        self.state = label(size="caption", tone="muted", wrap=True)
        self.rows.addLayout(row(self.kind))
        self.rows.addWidget(self.text)
        self.rows.addWidget(self.state)
        self._timer = _after_quiet(self, self._keep)
        self.show_choice()
        self.kind.currentIndexChanged.connect(self._switched)
        self.text.textChanged.connect(self._typed)
        self.paint()

    def show_choice(self) -> None:
        """Show what the library has."""
        chosen = default_message(self.desk.library)
        self._own = chosen.text
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(chosen.kind))
        self._show_text()

    def _show_text(self) -> None:
        kind = self.kind.currentData()
        with QSignalBlocker(self.text):
            self.text.setPlainText({"cautious": CAUTIOUS, "empty": "", "own": self._own}[kind])
        self.text.setReadOnly(kind != "own")
        self.text.setVisible(kind != "empty")
        self._say("")

    def _switched(self, place: int) -> None:
        self._show_text()
        if self.kind.currentData() == "own" and not self._own.strip():
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)
            self._say(self.tr("Write it; until then the message stays as it was."))
        else:
            self._keep()

    def _typed(self) -> None:
        self._own = self.text.toPlainText()
        self._timer.start()

    def _keep(self) -> None:
        kind = self.kind.currentData()
        try:
            choose_message(
                self.desk.library, StudentMessage(kind=kind, text=self._own if kind == "own" else "")
            )
        except UserError as error:
            self._say(str(error), bad=True)
        else:
            self._say(self.tr("Kept."))
            self.desk.tell("settings")

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))
        set_tone(self.state, "bad" if bad else "muted")


class OfflineCard(SettingsCard):
    """That nothing leaves the machine, and what would change that."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, image="wifi-off", title=desk.tr("Offline"))
        self.rows.addWidget(label(self.tr("Nothing leaves this machine."), bold=True))
        sentences = (
            self.tr("Teacher, student, training, evaluation and chat run here, from files on this disk. "
                    "There is no account, no telemetry and no search for updates."),
            self.tr("A connection is opened only when you ask for it: by downloading a model "
                    "(orca-desk models download), or by agreeing to open a link of a chat in your browser."),
            self.tr("Text of tasks, records and chats can load no picture, file or address by itself."),
        )  # fmt: skip
        for sentence in sentences:
            self.rows.addWidget(label(sentence, wrap=True))
        self.paint()


class HelpCard(SettingsCard):
    """The ways to find one's way."""

    def __init__(self, desk: Desk, tools: Sequence[tuple[str, str, Callable[[], Any]]]) -> None:
        """`tools` are text, icon and what the button does."""
        super().__init__(desk, image="circle-help", title=desk.tr("Help"))
        self.buttons = [self.tool(text, image, run) for text, image, run in tools]
        self.rows.addLayout(row(*self.buttons))
        self.paint()


class AboutCard(SettingsCard):
    """Versions and licences."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            image="info",
            title=desk.tr("About Orca Desk"),
            about=desk.tr("Teaches a small language model to reason, by the Orca 2 method, on one machine."),
        )
        self.versions: dict[str, str] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(3 * GRID)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.rows.addLayout(self._grid)
        self.copy_versions = self.tool(self.tr("Copy versions"), "copy", self._copy)
        self.rows.addLayout(row(self.copy_versions))
        self.rows.addWidget(label(self.tr("Licences"), bold=True))
        self.rows.addWidget(label(self.tr("Orca Desk is under the Apache License 2.0. It brings with it:")))
        for name, path in licences().items():
            words = label(name)
            link = self.tool(self.tr("Open"), "external-link", lambda path=path: self.open_folder(path))
            link.setAccessibleName(self.tr("Open the licence of {}").format(name))
            self.rows.addLayout(row(words, link))
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
            self._grid.addWidget(label(value, selectable=True), place, 1)

    def _copy(self) -> None:
        self.copy("\n".join(f"{name} {value}" for name, value in self.versions.items()))


def row(*widgets: QWidget) -> QHBoxLayout:
    """Return widgets side by side, from the left."""
    made = QHBoxLayout()
    made.setSpacing(GRID)
    for widget in widgets:
        made.addWidget(widget)
    made.addStretch(1)
    return made


def _spin(zero: str, highest: int) -> QSpinBox:
    """Return a number whose 0 reads as `zero`: no choice."""
    made = number_box(0, highest)
    made.setSpecialValueText(zero)
    return made


def _after_quiet(parent: QWidget, run: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(WRITE_AFTER_MS)
    timer.timeout.connect(run)
    return timer
