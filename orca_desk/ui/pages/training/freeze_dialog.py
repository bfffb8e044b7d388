"""Freeze a snapshot: its name, the student's system message and the rules, with a live count of records."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.snapshots import (
    FreezeChoices,
    FreezePreview,
    Snapshot,
    SnapshotRules,
    freeze,
    freeze_choices,
    list_snapshots,
    preview_freeze,
)
from orca_desk.method.erasure import CAUTIOUS, student_instruction
from orca_desk.steps.defaults import default_message
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.bars import CountBars
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, card, label, set_tone
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.fitness import ALWAYS, ONLY_CORRECT, UNFIT

SETTLE_MS = 200
CAP = 300  # records per family, the first value offered
KINDS = ("cautious", "empty", "own")


class FreezeDialog(QDialog):
    """Asks for name, system message and rules. `frozen` has the Snapshot and the name it was to get."""

    frozen = Signal(object, str)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk = desk
        self.job: Job | None = None
        self.preview: FreezePreview | None = None
        self.setWindowTitle("Freeze a snapshot")
        self.resize(112 * GRID, 78 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Freeze a snapshot", size="heading", bold=True))
        about = (
            "A snapshot is the fixed data set a training run uses: records selected by rules, with the "
            "teacher's instruction erased. It never changes, whatever happens to the records later."
        )
        layout.addWidget(label(about, tone="muted", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addLayout(self._build_rules(), 3)
        row.addWidget(self._build_preview(), 2)
        layout.addLayout(row, 1)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        layout.addWidget(self._build_buttons())
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._count)
        message = default_message(desk.library)
        self._own = message.text
        self.kind.setCurrentIndex(KINDS.index(message.kind))
        self._show_kind()
        self._watch()
        library = desk.library
        desk.background.run(
            self, lambda: (freeze_choices(library), len(list_snapshots(library))), self._offer
        )
        self._settle.start()

    def rules(self) -> SnapshotRules:
        """Return the selected rules."""
        return SnapshotRules(
            only_correct=self.only_correct.isChecked(),
            only_paired=self.only_paired.isChecked(),
            allow_leaks=self.allow_leaks.isChecked(),
            only_kept=self.only_kept.isChecked(),
            cap=self.cap.value() if self.capped.isChecked() else None,
            families=_checked(self.families),
            runs=_checked(self.runs),
        )

    def instruction(self) -> str:
        """Return the student's system message. Raises UserError if the user's own is blank."""
        kind = KINDS[self.kind.currentIndex()]
        return student_instruction(kind, self.text.toPlainText() if kind == "own" else "")

    def accept(self) -> None:
        """Freeze in a job, and close when it is done."""
        if self.job is not None or not self.freeze_button.isEnabled():
            return
        try:
            instruction, rules, name = self.instruction(), self.rules(), self.name.text().strip()
        except UserError as error:
            self.notice.show_error(error)
            return
        library = self.desk.library
        self.freeze_button.setEnabled(False)
        self.job = self.desk.jobs.start(
            f"Freeze {name}",
            "freeze",
            lambda tools: freeze(library, name=name, instruction=instruction, rules=rules),
            changes={"snapshots"},
            heavy=False,
        )
        self.job.ended.connect(self._ended)

    def _build_rules(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addLayout(self._build_form())
        column.addSpacing(GRID)
        column.addWidget(label("Which records", bold=True))
        self.only_correct = QCheckBox(ONLY_CORRECT)
        self.only_correct.setChecked(True)
        self.only_paired = QCheckBox("Only answers with the family's current strategy")
        self.only_paired.setChecked(True)
        self.allow_leaks = QCheckBox("Include answers that mention their instruction")
        self.only_kept = QCheckBox("Only records I kept in review")
        for box in (self.only_correct, self.only_paired, self.allow_leaks, self.only_kept):
            column.addWidget(box)
        column.addLayout(self._build_cap())
        column.addWidget(label(ALWAYS, size="caption", tone="muted", wrap=True))
        column.addLayout(self._build_lists(), 1)
        return column

    def _build_form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.name = QLineEdit()
        self.name.setPlaceholderText("e.g. first-try")
        self.kind = QComboBox()
        self.kind.addItems(["Cautious", "Empty", "Custom"])
        self.text = QPlainTextEdit()
        self.text.setFixedHeight(9 * GRID)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Text of the system message")
        form.addRow("&Name", self.name)
        form.addRow("&System message for the student", self.kind)
        form.addRow("", self.text)
        return form

    def _build_cap(self) -> QHBoxLayout:
        self.capped = QCheckBox("At most")
        self.cap = number_box(1, 10_000_000)
        self.cap.setValue(CAP)
        self.cap.setGroupSeparatorShown(True)
        self.cap.setSuffix(" records per family")
        self.cap.setEnabled(False)
        self.cap.setAccessibleName("Maximum records per family")
        row = QHBoxLayout()
        row.addWidget(self.capped)
        row.addWidget(self.cap)
        row.addStretch(1)
        return row

    def _build_lists(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        self.families, self.runs = QListWidget(), QListWidget()
        for text, choices in (("&Families", self.families), ("&Runs", self.runs)):
            side = QVBoxLayout()
            words = label(text, bold=True)
            words.setBuddy(choices)
            choices.setAccessibleName(text.replace("&", ""))
            choices.setMinimumHeight(6 * GRID)
            side.addWidget(words)
            side.addWidget(choices)
            row.addLayout(side)
        return row

    def _build_preview(self) -> QFrame:
        frame, layout = card()
        self.taken = label(size="heading", bold=True, wrap=True)
        self.bars = CountBars(self.desk.theme)
        self.left_out_title = label("Left out", bold=True)
        self.left_out = CountBars(self.desk.theme, role="base")
        layout.addWidget(self.taken)
        layout.addWidget(self.bars)
        layout.addSpacing(GRID)
        layout.addWidget(self.left_out_title)
        layout.addWidget(self.left_out)
        layout.addStretch(1)
        self.taken.setText("Counting…")
        self.left_out_title.hide()
        return frame

    def _build_buttons(self) -> QDialogButtonBox:
        self.freeze_button = button("Freeze", self.accept, primary=True)
        self.freeze_button.setShortcut("Ctrl+Return")
        self.freeze_button.setEnabled(False)
        return dialog_buttons(self, self.freeze_button)

    def _watch(self) -> None:
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.capped.toggled.connect(self.cap.setEnabled)
        for box in (self.only_correct, self.only_paired, self.allow_leaks, self.only_kept, self.capped):
            box.toggled.connect(self._settle.start)
        self.cap.valueChanged.connect(self._settle.start)
        self.families.itemChanged.connect(self._settle.start)
        self.runs.itemChanged.connect(self._settle.start)
        self.name.textChanged.connect(self._show_readiness)
        self.text.textChanged.connect(self._show_readiness)

    def _offer(self, found: tuple[FreezeChoices, int]) -> None:
        """Fill the lists, and suggest a name."""
        choices, number = found
        for box, counts in ((self.families, choices.families), (self.runs, choices.runs)):
            box.blockSignals(True)
            for name, count in counts.items():
                item = QListWidgetItem(f"{name}  ·  {count:,}")
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked)
                box.addItem(item)
            box.blockSignals(False)
        if not self.name.text():
            self.name.setText(f"snapshot-{number + 1}")
            self.name.selectAll()

    def _show_kind(self) -> None:
        """Show the selected message; only the user's own can be edited."""
        kind = KINDS[self.kind.currentIndex()]
        if self.text.isEnabled():
            self._own = self.text.toPlainText() or self._own
        self.text.setEnabled(kind == "own")
        self.text.setPlainText({"cautious": CAUTIOUS, "empty": "", "own": self._own}[kind])
        self.text.setPlaceholderText(
            "No system message" if kind == "empty" else "A general message that names no strategy"
        )

    def _count(self) -> None:
        """Count the records that the rules select; the message does not matter."""
        rules, library = self.rules(), self.desk.library
        self.preview = None
        self._show_readiness()
        self.taken.setText("Counting…")
        set_tone(self.taken, "muted")
        self.desk.background.run(
            self,
            lambda: preview_freeze(library, rules=rules),
            self._show_count,
            failed=self.notice.show_error,
            only_newest="count",
        )

    def _show_count(self, found: FreezePreview) -> None:
        self.preview = found
        if found.records:
            self.taken.setText("{} selected".format(counted(found.records, "record")))
        else:
            self.taken.setText("No records selected: relax the rules")
        set_tone(self.taken, "" if found.records else "bad")
        self.bars.show_counts(found.families)
        self.left_out.show_counts({UNFIT[reason]: count for reason, count in found.left_out.items()})
        self.left_out_title.setVisible(bool(found.left_out))
        self._show_readiness()

    def _show_readiness(self) -> None:
        own = KINDS[self.kind.currentIndex()] == "own"
        has_message = not own or bool(self.text.toPlainText().strip())
        some = self.preview is not None and self.preview.records > 0
        self.freeze_button.setEnabled(
            some and has_message and bool(self.name.text().strip()) and self.job is None
        )

    def _ended(self) -> None:
        assert self.job is not None
        job, self.job = self.job, None
        if job.error is not None:
            self.notice.show_error(job.error)
            self._show_readiness()
            return
        snapshot: Snapshot | None = job.result
        super().accept()
        if snapshot is not None:
            self.frozen.emit(snapshot, self.name.text().strip())


def _checked(box: QListWidget) -> tuple[str, ...] | None:
    """Return the selected names; None if all are, so that later ones are included too."""
    items = [box.item(row) for row in range(box.count())]
    names = [
        str(item.data(Qt.ItemDataRole.UserRole))
        for item in items
        if item.checkState() == Qt.CheckState.Checked
    ]
    return None if len(names) == len(items) else tuple(names)
