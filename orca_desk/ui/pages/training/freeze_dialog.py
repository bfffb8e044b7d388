"""Freeze a snapshot: its name, the student's system message, rules and mix, with a live count of records."""

from typing import NamedTuple, get_args

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.inventory.run_models import model_names
from orca_desk.library.base_answers import MeasuredBase, measured_bases
from orca_desk.library.database import Library
from orca_desk.library.overlaps import LibraryOverlaps
from orca_desk.library.record_rules import current_rules
from orca_desk.library.selection import Selection
from orca_desk.library.snapshots import (
    FreezeChoices,
    Snapshot,
    find_overlaps,
    freeze,
    freeze_choices,
    list_snapshots,
    preview_freeze,
)
from orca_desk.method.erasure import CAUTIOUS, student_instruction
from orca_desk.method.mixing import group_name
from orca_desk.method.snapshot_rules import GroupedBy, SnapshotRules
from orca_desk.steps.defaults import default_message
from orca_desk.steps.votes import vote
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.pages.training.freeze_mix import FreezeMix
from orca_desk.ui.pages.training.freeze_overlap import FreezeOverlap
from orca_desk.ui.pages.training.freeze_preview import FreezePreview
from orca_desk.ui.pages.training.freeze_sources import FreezeSources
from orca_desk.ui.pages.training.measure_dialog import MeasureDialog
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.rules_form import RulesForm
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.fitness import ALWAYS

SETTLE_MS = 200
KINDS = ("cautious", "empty", "own")


class _Counted(NamedTuple):
    """A selection, and the overlaps that were found for it."""

    selection: Selection
    overlaps: LibraryOverlaps | None


class FreezeDialog(EditDialog):
    """Asks for name, system message and rules. `frozen` has the Snapshot and the name it was to get."""

    frozen = Signal(object, str)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk = desk
        self.job: Job | None = None
        self.preview: Selection | None = None
        self._overlaps: LibraryOverlaps | None = None
        self.setWindowTitle("Freeze a snapshot")
        self.resize(116 * GRID, 90 * GRID)
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
        row.addLayout(self._build_choices(), 3)
        self.counts = FreezePreview(desk.theme)
        row.addWidget(self.counts, 2)
        layout.addLayout(row, 1)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        layout.addWidget(self._build_buttons())
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._count)
        message = default_message(desk.library)
        self._own = self._first = message.text
        self.kind.setCurrentIndex(KINDS.index(message.kind))
        self._show_kind()
        self._watch()
        library = desk.library
        desk.background.run(
            self, lambda: (freeze_choices(library), len(list_snapshots(library))), self._offer
        )
        self._read_bases()
        self._settle.start()

    def rules(self) -> SnapshotRules:
        """Return the selected rules. Raises SettingError for one that cannot be used."""
        base = SnapshotRules(**vars(self.form.value()))
        return self.overlap.apply(self.mix.apply(self.sources.apply(base)))

    def instruction(self) -> str:
        """Return the student's system message. Raises UserError if the user's own is blank."""
        kind = KINDS[self.kind.currentIndex()]
        return student_instruction(kind, self.text.toPlainText() if kind == "own" else "")

    def is_changed(self) -> bool:
        """See EditDialog: it is about a message of the user's; the rest is chosen again quickly."""
        return self.job is None and self._is_own and self.text.toPlainText() != self._first

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
            lambda tools: freeze(library, name=name, instruction=instruction, rules=rules, vote=vote),
            changes={"snapshots"},
            heavy=False,
        )
        self.job.ended.connect(self._ended)

    def _build_choices(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        column.addLayout(self._build_form())
        self.form = RulesForm()
        self.form.set_value(current_rules(self.desk.library))
        self.sources, self.mix, self.overlap = FreezeSources(), FreezeMix(), FreezeOverlap()
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("What gets in")
        for tab, title in (
            (self._rules_tab(), "&Rules"),
            (self.sources, "Families an&d runs"),
            (self.mix, "Mi&x"),
            (self.overlap, "&Overlap"),
        ):
            self.tabs.addTab(tab, title)
        column.addWidget(self.tabs, 1)
        return column

    def _rules_tab(self) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, GRID, GRID, 0)
        column.addWidget(self.form)
        column.addWidget(label(ALWAYS, size="caption", tone="muted", wrap=True))
        column.addStretch(1)
        return scrolled(inside)

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
        self.text.setFixedHeight(grown(9 * GRID))
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("Text of the system message")
        form.addRow("&Name", self.name)
        form.addRow("&System message for the student", self.kind)
        form.addRow("", self.text)
        return form

    def _build_buttons(self) -> QDialogButtonBox:
        self.freeze_button = button("Freeze", self.accept, primary=True)
        self.freeze_button.setShortcut("Ctrl+Return")
        self.freeze_button.setEnabled(False)
        return dialog_buttons(self, self.freeze_button)

    def _watch(self) -> None:
        self.kind.currentIndexChanged.connect(self._show_kind)
        for tab in (self.form, self.sources, self.mix, self.overlap):
            tab.changed.connect(self._settle.start)
        self.mix.measured.connect(self._measure)
        self.name.textChanged.connect(self._show_readiness)
        self.text.textChanged.connect(self._show_readiness)
        for signal in (self.kind.currentIndexChanged, self.text.textChanged):
            signal.connect(self._settle.start)  # what the student solves depends on the message

    def _offer(self, found: tuple[FreezeChoices, int]) -> None:
        """Fill the lists, and suggest a name."""
        choices, number = found
        self.sources.offer(choices)
        if choices.left_out:
            at = self.tabs.indexOf(self.sources)
            self.tabs.setTabText(at, "Families an&d runs (samples left out)")
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
        """Count the records that the rules select."""
        library, overlaps = self.desk.library, self._overlaps
        instruction = self.text.toPlainText()  # may be blank: freezing is then refused
        self.preview = None
        self._show_readiness()
        try:
            rules = self.rules()
        except UserError as error:
            self.notice.show_error(error)
            return
        self.counts.show_counting()
        self.desk.background.run(
            self,
            lambda: _counted(library, instruction, rules, overlaps),
            self._show_count,
            failed=self.notice.show_error,
            only_newest="count",
        )
        self._read_bases()

    def _show_count(self, found: _Counted) -> None:
        self.preview, self._overlaps = found
        self.notice.hide()
        self.counts.show_selection(self.preview, learnable=self.mix.learnable.isChecked())
        self.overlap.show_selection(self.preview)
        pairs = len(self.preview.overlaps)
        self.tabs.setTabText(
            self.tabs.indexOf(self.overlap), f"&Overlap ({pairs:,})" if pairs else "&Overlap"
        )
        self.mix.offer_groups(_groups(self.preview))
        self._show_readiness()

    def _read_bases(self) -> None:
        """Read which students were measured under the message."""
        library, instruction = self.desk.library, self.text.toPlainText()
        self.desk.background.run(
            self,
            lambda: (measured_bases(library, instruction), model_names(library)),
            self._offer_bases,
            only_newest="bases",
        )

    def _offer_bases(self, found: tuple[list[MeasuredBase], dict[str, str]]) -> None:
        if self.mix.offer_bases(*found):
            self._settle.start()  # the count was that of another student

    def _measure(self) -> None:
        """Offer to measure a student; its job continues when this dialog closes."""
        try:
            dialog = MeasureDialog(self.desk, self.instruction(), self)
        except UserError as error:
            self.notice.show_error(error)
            return
        dialog.started.connect(self._measuring)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _measuring(self, job: Job) -> None:
        self.notice.show_message("Measuring the student: see Jobs. It can be selected here when it is done.")
        job.ended.connect(self._read_bases)

    def _show_readiness(self) -> None:
        has_message = not self._is_own or bool(self.text.toPlainText().strip())
        some = self.preview is not None and self.preview.records > 0
        self.freeze_button.setEnabled(
            some and has_message and bool(self.name.text().strip()) and self.job is None
        )

    @property
    def _is_own(self) -> bool:
        return KINDS[self.kind.currentIndex()] == "own"

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


def _counted(
    library: Library, instruction: str, rules: SnapshotRules, overlaps: LibraryOverlaps | None
) -> _Counted:
    """Choose by `rules`; overlaps that were found before are used again."""
    if rules.overlap != "allow" and (overlaps is None or overlaps.near != rules.near):
        overlaps = find_overlaps(library, near=rules.near)
    return _Counted(
        preview_freeze(library, instruction=instruction, rules=rules, overlaps=overlaps, vote=vote), overlaps
    )


def _groups(found: Selection) -> dict[GroupedBy, list[str]]:
    """Return the names of the groups that the fit records are in, by what shares can be over."""
    return {
        over: sorted({group_name(over, cell.family, cell.strategy) for cell in found.cells})
        for over in get_args(GroupedBy)
    }
