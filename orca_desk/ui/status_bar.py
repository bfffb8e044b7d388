"""The status bar: the running job, the last message, and the offline indicator."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton

from orca_desk.processes.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID, Role, Tone
from orca_desk.ui.widgets.announce import announce
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.motion import is_animated
from orca_desk.ui.widgets.serving_sign import ServingSign
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.hub import AFTER_DOWNLOADS, AFTER_REST, OFFLINE, OFFLINE_TIP, online_sign, online_tip
from orca_desk.ui.words.progress import JOB_STATES, progress_line
from orca_desk.ui.words.shorten import shorten

MESSAGE_MS = 8000
LONGEST_TITLE = 40  # characters of a job's title


class StatusBar(QFrame):
    """The running job with its progress, the last message, and the offline indicator."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 6, 2 * GRID, 6)
        row.setSpacing(GRID + 4)
        self._job = QToolButton()
        self._job.setToolTip("Show jobs")
        self._job.clicked.connect(lambda: desk.open("jobs"))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(20 * GRID)
        self._bar.setAccessibleName("Progress of the running job")
        self._detail = ElidedLabel(tone="muted", size="caption")
        self.message = ElidedLabel(size="caption")
        self._sign = QLabel()
        self._offline = label(OFFLINE, size="caption", tone="muted")
        self.closing = ElidedLabel(size="caption", tone="warn")
        self.stay = button("Stay open", tip="Don't close when the job ends")
        for widget in (self.closing, self.stay):
            widget.hide()
        for part in (self._job, self._bar, self._detail, self.closing, self.stay, self.message):
            row.addWidget(part)
        for text in (self._detail, self.closing, self.message):  # as wide as its text, if there is room
            text.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addStretch(1)
        self._serving = ServingSign(desk)
        row.addWidget(self._serving)
        row.addWidget(self._sign)
        row.addWidget(self._offline)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self.message.show_text(""))
        self._followed: Job | None = None
        self._is_narrow = False
        desk.jobs.changed.connect(self._follow)
        desk.theme.changed.connect(self._paint)
        desk.online.changed.connect(self._paint)
        # Queued: the window also says that the job has ended
        desk.online.ended_itself.connect(self._say_offline, Qt.ConnectionType.QueuedConnection)
        self._paint()
        self._follow()

    def say(self, text: str, tone: Tone = "") -> None:
        """Show a sentence for a few seconds."""
        self.message.show_text(text)
        set_tone(self.message, tone)
        announce(self.message, text)
        self._timer.start(MESSAGE_MS)

    def set_narrow(self, is_narrow: bool) -> None:
        """Leave out, or show again, what is not about the present moment."""
        self._bar.setFixedWidth((8 if is_narrow else 20) * GRID)
        self._is_narrow = is_narrow
        self._serving.set_narrow(is_narrow)
        self._paint()

    def show_closing(self, text: str) -> None:
        """Show that the window will close on its own, until this is called with ""."""
        self.closing.show_text(text)
        for widget in (self.closing, self.stay):
            widget.setVisible(bool(text))

    def _follow(self) -> None:
        jobs, job = self.desk.jobs.unfinished, self.desk.jobs.front
        if job is not self._followed:
            if self._followed is not None:
                self._followed.updated.disconnect(self._show)
            if job is not None:
                job.updated.connect(self._show)
            self._followed = job
        for widget in (self._job, self._bar, self._detail):
            widget.setVisible(job is not None)
        if job is None:
            return
        more = f" (+{len(jobs) - 1})" if len(jobs) > 1 else ""
        self._job.setText(f"{shorten(job.title, LONGEST_TITLE)}{more}")
        self._show(job.last or Update(stage=""))

    def _show(self, update: Update) -> None:
        """Show the progress of the first unfinished job."""
        share = update.share
        is_open = share is None and self._followed is not None and self._followed.state == "running"
        self._bar.setRange(0, 0 if is_open and is_animated() else 1000)
        self._bar.setValue(round(1000 * share) if share is not None else 0)
        state = JOB_STATES[self._followed.state] if self._followed else ""
        self._detail.show_text(state or progress_line(update))  # no time is left while a job is paused

    def _say_offline(self, is_done: bool) -> None:
        self.say(AFTER_DOWNLOADS if is_done else AFTER_REST)

    def _paint(self) -> None:
        online = self.desk.online
        text = online_sign(online.endpoint) if online.is_online else OFFLINE
        tip = online_tip(online.endpoint) if online.is_online else OFFLINE_TIP
        self._offline.setText(text)
        self._offline.setVisible(online.is_online or not self._is_narrow)
        set_tone(self._offline, "warn" if online.is_online else "muted")
        for part in (self._sign, self._offline):
            part.setToolTip(tip)
            part.setAccessibleName(text)
        image: tuple[str, Role] = ("wifi", "warn") if online.is_online else ("wifi-off", "muted")
        self._sign.setPixmap(pixmap(image[0], self.desk.theme.colours, image[1], 16))
