"""The form for varying tasks: which seeds, which changes, and how their answers are agreed on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.library.tasks import TaskFilter
from orca_desk.steps.grow.like import LEAST_ANSWERS, MOST_SEEDS, WRITE_SAMPLING, LikeRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.grow.fields import add_row, decimal_box, form
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.teacher_picker import TeacherPicker
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.growing import CHANGES, OWN_OPINION

ABOUT = (
    "The teacher suggests how to change training tasks, writes the changed tasks, and answers each several"
    " times. The answer that enough of them agree on becomes the reference. Held-out tasks are never varied."
)


class LikeForm(QWidget):
    """Edits a `LikeRequest`. `changed` is emitted at each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._own: tuple[str, ...] | None = None
        self.desk = desk
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        self._add_seeds(layout)
        self._add_changes(layout)
        self._add_answers(layout)
        layout.addWidget(label(OWN_OPINION, tone="muted", size="caption", wrap=True))
        layout.addStretch(1)
        self.set_value(LikeRequest(model=""))

    def value(self) -> LikeRequest:
        """Return the request. Raises UserError without a kind of change."""
        changes = tuple(name for name, box in self.changes.items() if box.isChecked())
        if not changes:
            raise UserError("No kind of change is chosen.", "Select at least one.")
        return LikeRequest(
            model=str(self.picker.path or ""),
            seeds=TaskFilter(
                split="train",
                family=self.family.currentData(),
                families=self._own if self.family.currentData() is None else None,
                tag=self.tag.currentData(),
                text=self.text.text().strip() or None,
                limit=self.limit.value() or None,
            ),
            changes=changes,
            each=self.each.value(),
            answers=self.answers.value(),
            agreement=self.agreement.value() / 100,
            sampling=replace(WRITE_SAMPLING, temperature=self.temperature.value(), seed=self.seed.value()),
        )

    def set_value(self, request: LikeRequest) -> None:
        """Show a request."""
        if request.model:
            self.picker.choose(Path(request.model))
        _choose(self.family, request.seeds.family)
        _choose(self.tag, request.seeds.tag)
        self.text.setText(request.seeds.text or "")
        self.limit.setValue(request.seeds.limit or 0)
        for name, box in self.changes.items():
            box.setChecked(name in request.changes)
        self.each.setValue(request.each)
        self.answers.setValue(request.answers)
        self.agreement.setValue(round(100 * request.agreement))
        self.temperature.setValue(request.sampling.temperature)
        self.seed.setValue(request.sampling.seed)

    def leave_out(self, own: tuple[str, ...] | None) -> None:
        """Let all families mean the user's `own`, where there are families of sample tasks beside them."""
        self._own = own
        self.family.setItemText(0, "All families" if own is None else "All your families, without samples")

    def set_choices(self, families: Sequence[str], tags: Sequence[str]) -> None:
        """Offer these families and tags; the current selection stays."""
        _fill(self.family, "All families", families)
        _fill(self.tag, "Any tag", tags)

    def _add_seeds(self, layout: QVBoxLayout) -> None:
        layout.addWidget(label("Seed tasks", bold=True))
        self.picker = TeacherPicker(self.desk)
        self.picker.setMinimumContentsLength(16)
        self.family, self.tag, self.text = QComboBox(), QComboBox(), QLineEdit()
        self.limit = number_box(0, MOST_SEEDS)
        self.limit.setSpecialValueText(f"all, up to {MOST_SEEDS:,}")
        self.limit.setToolTip("Vary at most this many tasks: try a few first.")
        self.text.setPlaceholderText("Search text")
        self.set_choices((), ())
        rows: QFormLayout = form(layout)
        add_row(rows, "&Teacher", self.picker)
        add_row(rows, "Fami&ly", self.family)
        add_row(rows, "Ta&g", self.tag)
        add_row(rows, "Te&xt", self.text)
        add_row(rows, "At &most", self.limit)
        self.picker.chosen.connect(self.changed)
        self.text.textChanged.connect(lambda _: self.changed.emit())
        self.limit.valueChanged.connect(lambda _: self.changed.emit())
        for box in (self.family, self.tag):
            box.activated.connect(lambda _: self.changed.emit())

    def _add_changes(self, layout: QVBoxLayout) -> None:
        layout.addWidget(label("Changes", bold=True))
        self.changes: dict[str, QCheckBox] = {}
        for name, (title, tip) in CHANGES.items():
            box = self.changes[name] = QCheckBox(title)
            box.setToolTip(tip)
            box.toggled.connect(lambda _: self.changed.emit())
            layout.addWidget(box)

    def _add_answers(self, layout: QVBoxLayout) -> None:
        layout.addWidget(label("New tasks", bold=True))
        self.each, self.answers = number_box(1, 10), number_box(LEAST_ANSWERS, 20)
        self.agreement, self.temperature = number_box(0, 100), decimal_box(0.1, 2.0)
        self.seed = number_box(0, 2**31 - 1)
        self.agreement.setSuffix(" %")
        self.agreement.setToolTip("Share of the answers that must give the same final answer.")
        self.temperature.setToolTip("How freely the teacher writes. A vote needs answers that can differ.")
        self.seed.setToolTip("Another seed gives other tasks.")
        rows = form(layout)
        add_row(rows, "New tasks per &change", self.each)
        add_row(rows, "A&nswers per task", self.answers)
        add_row(rows, "Ag&reement", self.agreement)
        add_row(rows, "Tem&perature", self.temperature)
        add_row(rows, "See&d", self.seed)
        for box in (self.each, self.answers, self.agreement, self.temperature, self.seed):
            box.valueChanged.connect(lambda _: self.changed.emit())


def _fill(box: QComboBox, everything: str, names: Sequence[str]) -> None:
    before = box.currentData()
    box.clear()
    box.addItem(everything, None)
    for name in names:
        box.addItem(name, name)
    _choose(box, before)


def _choose(box: QComboBox, name: str | None) -> None:
    """Select a name, also one that is no longer offered."""
    if name is not None and box.findData(name) < 0:
        box.addItem(name, name)
    box.setCurrentIndex(max(0, box.findData(name)))
