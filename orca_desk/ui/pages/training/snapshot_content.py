"""What a snapshot contains: its families, the student's system message, its rules, what they left out."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from orca_desk.library.snapshots import Snapshot
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.bars import CountBars
from orca_desk.ui.widgets.text import label
from orca_desk.ui.widgets.when import exactly
from orca_desk.ui.words.fitness import ALWAYS, ONLY_CORRECT, describe_left_out


class SnapshotContent(QFrame):
    """Shows one snapshot."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.bars = CountBars(desk.theme)
        layout.addWidget(self.bars)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        self.instruction = label(wrap=True, selectable=True, size="caption")
        self.rules = label(wrap=True, size="caption")
        self.left_out = label(wrap=True, size="caption")
        self.identity = label(selectable=True, size="caption", wrap=True)
        rows = (
            ("System message", self.instruction),
            ("Rules", self.rules),
            ("Left out", self.left_out),
            ("Frozen", self.identity),
        )
        for row, (name, field) in enumerate(rows):
            field.setAccessibleName(name)
            grid.addWidget(label(name, size="caption", tone="muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(field, row, 1)
        layout.addLayout(grid)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show `snapshot`."""
        self.bars.show_counts(snapshot.families)
        message = snapshot.instruction
        if not message:
            message = "Empty"
        elif message == CAUTIOUS:
            message = f"Cautious: {message}"
        self.instruction.setText(message)
        self.rules.setText(describe_rules(snapshot))
        self.left_out.setText(_sentence([describe_left_out(snapshot.left_out)]))
        self.identity.setText(f"{exactly(snapshot.created_at)}  ·  SHA-256 {snapshot.id}")


def describe_rules(snapshot: Snapshot) -> str:
    """Return the rules of a snapshot in the words of the dialog that froze it."""
    rules = snapshot.rules
    strategy = "with the family's paired strategy" if rules.only_paired else "with any strategy"
    if rules.only_kept:
        parts = ["only records you kept in review", strategy]
    else:
        parts = [
            ONLY_CORRECT if rules.only_correct else "correct and incorrect answers",
            strategy,
            "leaks included" if rules.allow_leaks else "no leaks",
        ]
    if rules.cap is not None:
        parts.append(f"at most {rules.cap:,} per family")
    if rules.families is not None:
        parts.append(f"families {', '.join(rules.families)}")
    if rules.runs is not None:
        parts.append(f"runs {', '.join(rules.runs)}")
    return f"{_sentence(parts)}. {ALWAYS}"


def _sentence(parts: list[str]) -> str:
    """Join the parts with commas and capitalise the first letter."""
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
