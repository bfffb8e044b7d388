"""One run in detail: its outcome, its settings, the end of its log, and the button to resume it."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from orca_desk.library.locations import log_folder
from orca_desk.library.logs import LogTail, read_tail, run_log
from orca_desk.library.runs import Run
from orca_desk.steps.demo.state import is_demo_interrupted
from orca_desk.steps.download.download import downloaded_from_json
from orca_desk.steps.export.outcome import outcome_from_json
from orca_desk.steps.hand_over.handed_over import handed_over_from_json
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.outside import open_outside
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import HeaderRow
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.when import exactly
from orca_desk.ui.words.runs import (
    RunStatus,
    outcome_of,
    page_of,
    progress_of,
    settings_of,
    time_of,
    type_of,
)
from orca_desk.ui.words.tidying import run_title

FOLLOW_MS = 1000
LINES_AT_MOST = 2000


class RunDetail(QFrame):
    """Shows one run. It reads the log again every second while the run continues and the log is visible."""

    def __init__(self, desk: Desk, status: Callable[[Run], RunStatus]) -> None:
        super().__init__()
        self._status = status
        self.desk = desk
        self.run: Run | None = None
        self.names: Mapping[str, str] = {}  # of models and snapshots, by their SHA-256
        self._log_size = -1
        self.setProperty("kind", "card")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        whole.setSpacing(GRID)
        whole.addLayout(self._make_head())
        self.outcome = label(wrap=True, selectable=True)
        whole.addWidget(self.outcome)
        self.split = Panes()
        self.split.setHandleWidth(GRID + 4)
        self.settings = _text_box("Settings of the run")
        self.log = _text_box("End of the log")
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log_title = label(size="caption", bold=True, tone="muted")
        self.split.addWidget(
            _titled(label("Settings", size="caption", bold=True, tone="muted"), self.settings)
        )
        self.split.addWidget(_titled(self.log_title, self.log))
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 3)
        whole.addWidget(self.split, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self._follow)
        desk.theme.changed.connect(self._paint)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size that all lines of the head need at the present width."""
        size, layout = super().minimumSizeHint(), self.layout()
        if layout is None or self.width() < size.width():
            return size
        return QSize(size.width(), max(size.height(), layout.totalMinimumHeightForWidth(self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for another height at another width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def show_run(self, run: Run | None) -> None:
        """Show a run, or nothing."""
        other = run is None or self.run is None or run.id != self.run.id
        ended = not other and self.run is not None and run is not None and run.status != self.run.status
        self.run = run
        self.setVisible(run is not None)
        if run is None:
            self._timer.stop()
            return
        self.title.setText(f"{type_of(run)}  ·  {run_title(run)}")
        self.outcome.setText(outcome_of(run))
        self.resume_button.setVisible(page_of(run) is not None)
        if other:
            self.settings.setPlainText(
                "\n".join(f"{name}: {value}" for name, value in settings_of(run, self.names))
            )
            self.log.setPlainText("")
            self._log_size = -1
        if other or ended:
            self._read_log()
        if run.status != "running":
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
        self.show_status()

    def show_status(self) -> None:
        """Show the status of the run, which may be paused by now, with its other facts."""
        if self.run is None:
            return
        facts = [self._status(self.run).word, exactly(self.run.created_at)]
        facts += [text for text in (time_of(self.run), progress_of(self.run)) if text != "–"]
        self.facts.setText("  ·  ".join(facts))
        self._paint()

    def open_folder(self) -> None:
        """Show the files of an export, a download or a training, or the logs, in the file manager."""
        if self.run is None:
            return
        exported = outcome_from_json(self.run.outcome)
        if exported is not None and exported.out.is_dir():
            open_outside(exported.out)
            return
        if (handed := handed_over_from_json(self.run.outcome)) is not None and handed.path.exists():
            open_outside(handed.path if handed.path.is_dir() else handed.path.parent)
            return
        if (brought := downloaded_from_json(self.run.outcome)) is not None and brought.path.exists():
            open_outside(brought.path if brought.path.is_dir() else brought.path.parent)
            return
        folder = self.desk.library.folder / "trainings" / self.run.id
        if not folder.is_dir():
            folder = log_folder(self.desk.library)
        open_outside(folder)

    def resume(self) -> None:
        """Open the page that resumes the run."""
        run, library = self.run, self.desk.library
        page = page_of(run) if run else None
        if run is None or page is None:
            return

        def open_page(is_demo: bool) -> None:
            self.desk.open("home" if is_demo else page, resume=run.id)

        self.desk.background.run(self, lambda: is_demo_interrupted(library), open_page, only_newest="resume")

    def copy_log(self) -> None:
        """Copy the end of the log."""
        QGuiApplication.clipboard().setText(self.log.toPlainText())
        self.desk.say("Copied the log.")

    def _make_head(self) -> HeaderRow:
        named = QHBoxLayout()
        named.setSpacing(GRID)
        self._picture = QLabel()
        named.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.title = label(size="heading", bold=True, selectable=True)
        self.facts = label(tone="muted", wrap=True, selectable=True)
        words.addWidget(self.title)
        words.addWidget(self.facts)
        named.addLayout(words, 1)
        row = HeaderRow(named)
        self.resume_button = button("Resume", self.resume, primary=True, tip="Continue from where it stopped")
        self.folder = button("Open folder", self.open_folder)
        self.copy = button("Copy log", self.copy_log)
        for one in (self.copy, self.folder, self.resume_button):
            row.addWidget(one)
        return row

    def _follow(self) -> None:
        if self.isVisible():
            self._read_log()

    def _read_log(self) -> None:
        if self.run is not None:
            path = run_log(self.desk.library, self.run.id)
            self.desk.background.run(self, lambda: read_tail(path), self._show_log, only_newest="log")

    def _show_log(self, tail: LogTail | None) -> None:
        if tail is not None and tail.size == self._log_size:
            return
        self._log_size = tail.size if tail else 0
        self.log_title.setText(
            f"End of the log: {tail.path.name}"
            if tail and tail.cut
            else f"Log: {tail.path.name}"
            if tail
            else "Log"
        )
        self.copy.setEnabled(bool(tail and tail.text.strip()))
        bar = self.log.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        self.log.setPlainText("\n".join(tail.text.splitlines()[-LINES_AT_MOST:]) if tail else "")
        self.log.setPlaceholderText(
            "No log entries. Only problems are logged." if tail else "This run has no log."
        )
        if at_end:
            bar.setValue(bar.maximum())

    def _paint(self) -> None:
        if self.run is None:
            return
        colours = self.desk.theme.colours
        status = self._status(self.run)
        self._picture.setPixmap(pixmap(status.image, colours, status.role, 3 * GRID))
        self.resume_button.setIcon(icon("play", colours, "on_accent"))
        self.folder.setIcon(icon("folder-open", colours))
        self.copy.setIcon(icon("copy", colours))


def _text_box(name: str) -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setReadOnly(True)
    box.setAccessibleName(name)
    box.setTabChangesFocus(True)
    box.setMinimumHeight(10 * GRID)
    return box


def _titled(title: QLabel, widget: QWidget) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    column.addWidget(title)
    column.addWidget(widget, 1)
    return whole
