"""The rules for records: a form, and beside it what each rule removes before it is in force."""

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.library.record_rules import current_rules, set_rules
from orca_desk.method.fitness import UNFIT, FitnessRules
from orca_desk.steps.erase.rules_preview import RuleEffect, RulesPreview, preview_rules
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID, SCROLL_BAR
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.rules_form import RulesForm
from orca_desk.ui.widgets.text import button, card, label, safe_tip, set_tone
from orca_desk.ui.words.fitness import ALWAYS, BASES
from orca_desk.ui.words.record_rules import uncounted_text
from orca_desk.ui.words.shorten import shorten

SETTLE_MS = 250
COLUMNS = (
    Column[RuleEffect]("What a rule removes", lambda effect: UNFIT[effect.reason]),
    Column[RuleEffect](
        "Rule",
        lambda effect: "on" if effect.on else "off",
        tip="For a rule that is off, the numbers say what it would remove",
    ),
    Column[RuleEffect]("Records", lambda effect: f"{effect.removed:,}", number=True),
    Column[RuleEffect](
        "Alone",
        lambda effect: f"{effect.only:,}",
        number=True,
        tip="Those that no other rule removes: turning this rule off would let them in",
    ),
)


class RulesDialog(EditDialog):
    """Edits the library's rules. `record_requested` carries the id of an example that the user selected."""

    record_requested = Signal(str)
    _read = Signal(int, int)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk = desk
        self.preview: RulesPreview | None = None
        self._in_force = current_rules(desk.library)
        self.setWindowTitle("Rules for records")
        room = parent.window().size()
        self.resize(min(138 * GRID, room.width() - 2 * GRID), min(96 * GRID, room.height() - 2 * GRID))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Which records are trained on", size="heading", bold=True))
        about = (
            "Home counts the usable records by these rules, and a new snapshot starts from them. Records and "
            "snapshots that exist do not change."
        )
        layout.addWidget(label(about, tone="muted", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self._build_form())
        row.addWidget(self._build_preview(), 1)
        layout.addLayout(row, 1)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        layout.addWidget(self._build_buttons())
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._count)
        self._read.connect(self._show_reading)
        self.form.set_value(self._in_force)
        self._is_changed = False
        self.form.changed.connect(self._note_change)
        self.form.changed.connect(self._settle.start)
        self._count()

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self._is_changed

    def accept(self) -> None:
        """Put the rules in force, which can be undone, and close."""
        if not self.apply_button.isEnabled() or self.preview is None:
            return
        library, rules = self.desk.library, self.preview.rules
        self.desk.do(
            "change the rules for records",
            lambda: set_rules(library, rules),
            lambda before: set_rules(library, before),
            "records",
            "settings",
        )
        super().accept()

    def _note_change(self) -> None:
        self._is_changed = True

    def _build_form(self) -> QScrollArea:
        self.form = RulesForm()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, 0)
        column.addWidget(self.form)
        column.addWidget(label(ALWAYS, size="caption", tone="muted", wrap=True))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        area.setMinimumWidth(inside.sizeHint().width() + SCROLL_BAR + GRID)
        return area

    def _build_preview(self) -> QFrame:
        frame, layout = card()
        self.taken = label("Counting…", size="heading", bold=True, wrap=True)
        self.basis = label(wrap=True)
        self.change = label(tone="muted", wrap=True)
        self.model = _Effects()
        self.effects = row_table(self.model, "What each rule removes")
        header = self.effects.horizontalHeader()
        self.effects.set_widths([header.sectionSizeHint(column) + 2 * GRID for column in range(len(COLUMNS))])
        self.effects.selectionModel().selectionChanged.connect(self._show_examples)
        self.examples_title = label(bold=True)
        self._examples = QVBoxLayout()
        self._examples.setSpacing(GRID // 2)
        for part in (self.taken, self.basis, self.change):
            layout.addWidget(part)
        layout.addWidget(self.effects, 1)
        layout.addWidget(self.examples_title)
        layout.addLayout(self._examples)
        layout.addStretch()  # takes the room of a table that is hidden
        return frame

    def _build_buttons(self) -> QDialogButtonBox:
        self.apply_button = button("Apply", self.accept, primary=True)
        self.apply_button.setShortcut("Ctrl+Return")
        self.apply_button.setEnabled(False)
        box = dialog_buttons(self, self.apply_button)
        self.default_button = button("Default rules", lambda: self.form.set_value(FitnessRules()))
        box.addButton(self.default_button, QDialogButtonBox.ButtonRole.ResetRole)
        return box

    def _count(self) -> None:
        """Find out in the background what the rules do."""
        self._settle.stop()
        self.preview = None
        self.apply_button.setEnabled(False)
        try:
            rules = self.form.value()
        except UserError as error:
            self._refuse(error)
            return
        self.notice.hide()
        self.taken.setText("Counting…")
        set_tone(self.taken, "muted")
        self.change.clear()
        library, told = self.desk.library, self._read.emit
        self.desk.background.run(
            self,
            lambda: preview_rules(library, rules, on_progress=told),
            self._show,
            failed=self._refuse,
            only_newest="count",
        )

    def _refuse(self, error: Exception) -> None:
        self.taken.setText("These rules cannot be used")
        set_tone(self.taken, "bad")
        self.basis.clear()
        self.change.clear()
        self._show_effects(())
        self.notice.show_error(error)

    def _show_reading(self, done: int, total: int) -> None:
        if self.preview is None:
            self.taken.setText(f"Reading the answers once: {done:,} of {total:,}")

    def _show(self, found: RulesPreview) -> None:
        self.preview = found
        self.taken.setText(f"{found.usable:,} of {counted(found.records, 'record')} in")
        set_tone(self.taken, "" if found.usable else "bad")
        parts = [f"{BASES[basis]}: {count:,}" for basis, count in found.used.items()]
        never = [f"{UNFIT[reason]}: {count:,}" for reason, count in found.never.items()]
        lines = [", ".join(parts), uncounted_text(found.uncounted)]
        lines += [f"Never: {', '.join(never)}"] if never else []
        self.basis.setText("\n".join(line[:1].upper() + line[1:] for line in lines if line))
        same = found.rules == self._in_force
        self.change.setText(
            "The rules in force."
            if same
            else f"Compared with the rules in force: {found.entering:,} come in, {found.leaving:,} go out."
        )
        self._show_effects(found.effects)
        self.apply_button.setEnabled(not same)

    def _show_effects(self, effects: tuple[RuleEffect, ...]) -> None:
        changed = self.model.show(effects)
        self.effects.setVisible(bool(effects))
        if changed and effects:
            self.effects.selectRow(0)
        self._show_examples()

    def _show_examples(self, *_: object) -> None:
        while (item := self._examples.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        row = self.effects.currentIndex().row()
        effect = self.model.rows[row] if 0 <= row < len(self.model.rows) else None
        self.examples_title.setText(f"For example, {UNFIT[effect.reason]}" if effect else "")
        for example in effect.examples if effect else ():
            made = QToolButton()
            made.setText(shorten(example.question, 64))
            made.setIcon(icon("arrow-right", self.desk.theme.colours, "muted"))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setToolTip(safe_tip(f"Show this record: {example.question}"))
            made.clicked.connect(lambda checked=False, one=example.id: self._open(one))
            self._examples.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _open(self, record_id: str) -> None:
        self.record_requested.emit(record_id)
        self.reject()


class _Effects(RowsModel[RuleEffect]):
    """The effects of rules; those of rules that are off are explained by a tool tip."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)

    def identity(self, row: RuleEffect) -> object:
        """See RowsModel: the selection stays on its reason."""
        return row.reason

    def cell(self, row: RuleEffect, column: int, role: int) -> Any:
        """Return the tool tip."""
        if role != Qt.ItemDataRole.ToolTipRole:
            return None
        what = "removes" if row.on else "is off; it would remove"
        text = f"This rule {what} {counted(row.removed, 'record')}, {row.only:,} of them alone."
        return safe_tip(text)
