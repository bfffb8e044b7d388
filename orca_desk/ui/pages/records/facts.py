"""What is known of a record beside its texts: verdict, leaks and decision, and with what it was made."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from orca_desk.method.leaks import Leak
from orca_desk.steps.erase.review import Compared
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap, room_for_icon
from orca_desk.ui.pages.records.record_list import Sign, decision_sign, verdict_sign
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label, set_tone
from orca_desk.ui.words.shorten import shorten


class Verdicts(QFrame):
    """What grading, the leak check and the user say of the record, each with an icon and a word."""

    leak_chosen = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._compared: Compared | None = None
        self.setProperty("kind", "card")
        grid = QGridLayout(self)
        grid.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(2, 1)
        self._icon = QLabel()
        self.word = label(bold=True)
        self.reason = label(wrap=True, selectable=True, tone="muted")
        self._decision_icon = QLabel()
        self.decision = label()
        self.task = QToolButton()
        self.task.setText("Open the task")
        room_for_icon(self.task)
        for column, part in enumerate(
            (self._icon, self.word, self.reason, self._decision_icon, self.decision, self.task)
        ):
            grid.addWidget(part, 0, column, Qt.AlignmentFlag.AlignVCenter)
        self._leaks = QVBoxLayout()
        self._leaks.setSpacing(0)
        grid.addLayout(self._leaks, 1, 0, 1, 6)
        desk.theme.changed.connect(self._paint)

    def show_record(self, compared: Compared) -> None:
        """Show the verdict, the decision and the leaks."""
        changed = self._compared is None or self._compared.stored.leaks != compared.stored.leaks
        self._compared = compared
        stored = compared.stored
        reason = stored.verdict.reason if stored.verdict else "There is no reference answer."
        if stored.record.provenance.finish_reason == "length" and stored.edited is None:
            reason += " " + "The answer was cut off by the length limit."
        self.reason.setText(reason)
        self.task.setEnabled(compared.has_task)
        self.task.setToolTip("" if compared.has_task else "The task was deleted.")
        if changed:
            self._list_leaks(stored.leaks)
        self._paint()

    def _list_leaks(self, leaks: tuple[Leak, ...]) -> None:
        while (entry := self._leaks.takeAt(0)) is not None:
            entry.widget().deleteLater()
        for leak in leaks[:5]:
            made = QToolButton()
            made.setIcon(icon("flag", self.desk.theme.colours, "warn"))
            made.setText(f"Leak: “{shorten(leak.text, 80)}” {leak.why}")
            room_for_icon(made)
            made.setToolTip("Show it in the response")
            made.clicked.connect(lambda checked=False, leak=leak: self.leak_chosen.emit(leak))
            self._leaks.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self.task.setIcon(icon("arrow-right", colours, "muted"))
        if self._compared is None:
            return
        stored = self._compared.stored
        for sign, image, words in (
            (verdict_sign(stored.verdict.correct if stored.verdict else None), self._icon, self.word),
            (decision_sign(stored.decision), self._decision_icon, self.decision),
        ):
            _show_sign(self.desk, sign, image, words)


class ProvenanceStrip(QFrame):
    """With what a record was made: one quiet line, and all of it when opened."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        row = QHBoxLayout()
        self.toggle = QToolButton()
        self.toggle.setText("Provenance")
        self.toggle.setCheckable(True)
        room_for_icon(self.toggle)
        self.toggle.toggled.connect(self._open)
        self.summary = label(tone="muted", size="caption")
        row.addWidget(self.toggle)
        row.addWidget(self.summary, 1)
        column.addLayout(row)
        self.all = QWidget()
        columns = QHBoxLayout(self.all)
        columns.setContentsMargins(GRID + 4, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        self._halves = [label(tone="muted", size="caption", selectable=True, wrap=True) for _ in range(2)]
        for half in self._halves:
            columns.addWidget(half, 1, Qt.AlignmentFlag.AlignTop)
        self.all.hide()
        column.addWidget(self.all)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_record(self, compared: Compared) -> None:
        """Show how a record was made."""
        record = compared.stored.record
        made = record.provenance
        name = compared.maker.name if compared.maker else "a model not found here"
        time = _local_time(made.created_at)
        self.summary.setText(
            f"{name} · {made.quantisation} · {made.completion_tokens:,} "
            + "tokens"
            + f" · {made.finish_reason} · {time}"
        )
        sampling = made.sampling
        lines = (
            ("Record", f"{record.id}, {'sample'} {record.sample}"),
            ("Model", f"{name}, SHA-256 {made.model_sha256[:16]}…, {made.quantisation}"),
            ("Strategy", f"{record.strategy}, {'version'} {record.strategy_version}"),
            (
                "Sampling",
                f"temperature {sampling.temperature:g}, seed {sampling.seed}, top-k {sampling.top_k}, "
                f"top-p {sampling.top_p:g}, min-p {sampling.min_p:g}, "
                + "at most {} tokens".format(f"{sampling.max_tokens:,}"),
            ),
            ("Engine", f"{made.engine}, {'batch of'} {made.batch}"),
            (
                "Tokens",
                "{} read, {} written, ended by {}".format(
                    f"{made.prompt_tokens:,}", f"{made.completion_tokens:,}", made.finish_reason
                ),
            ),
            ("Template", f"SHA-256 {made.template_sha256[:16]}…"),
            ("Made", f"{time}, {compared.stored.run or 'imported'}"),
        )
        words = [f"{name}: {value}" for name, value in lines]
        for half, part in zip(self._halves, (words[:4], words[4:]), strict=True):
            half.setText("\n".join(part))

    def _open(self, opened: bool) -> None:
        self.all.setVisible(opened)
        self._paint()

    def _paint(self) -> None:
        image = "chevron-down" if self.toggle.isChecked() else "chevron-right"
        self.toggle.setIcon(icon(image, self.desk.theme.colours, "muted"))


def _show_sign(desk: Desk, sign: Sign, image: QLabel, words: QLabel) -> None:
    name, role, word = sign
    image.setPixmap(pixmap(name, desk.theme.colours, role))
    words.setText(word.capitalize())
    set_tone(words, role)  # type: ignore[arg-type]


def _local_time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
