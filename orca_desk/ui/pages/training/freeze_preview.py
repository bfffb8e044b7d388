"""What a snapshot would take: how many records, by group beside what was asked for, and what is left out."""

from collections import defaultdict

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.library.selection import Selection
from orca_desk.method.fitness import UNFIT
from orca_desk.method.mixing import GroupMix
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.bars import CountBars
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.mix_bars import MixBars
from orca_desk.ui.widgets.text import card, label, set_tone
from orca_desk.ui.words.snapshots import selection_lines


class FreezePreview(QFrame):
    """Shows a selection. `taken` says how many records there are."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        frame, layout = card()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.taken = label("Counting…", size="heading", bold=True, wrap=True)
        self.bars = MixBars(theme)
        self.legend = label("", size="caption", tone="muted", wrap=True)
        self.notes = label("", size="caption", tone="warn", wrap=True)
        self.left_out_title = label("Left out", bold=True)
        self.left_out = CountBars(theme, role="base")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (self.bars, self.legend, self.notes, self.left_out_title, self.left_out):
            column.addWidget(widget)
            widget.hide()
        column.addStretch(1)
        layout.addWidget(self.taken)
        layout.addWidget(scrolled(inside, "What gets in"), 1)

    def show_counting(self) -> None:
        """Say that the count is not there yet."""
        self.taken.setText("Counting…")
        set_tone(self.taken, "muted")

    def show_selection(self, found: Selection, *, learnable: bool) -> None:
        """Show what was chosen."""
        if found.records:
            self.taken.setText("{} selected".format(counted(found.records, "record")))
        else:
            self.taken.setText("No records selected: relax the rules")
        set_tone(self.taken, "" if found.records else "bad")
        groups = found.mix.groups or groups_of(found)
        self.bars.show_groups(groups)
        asked = any(group.asked is not None for group in groups)
        self.legend.setText(
            "Taken / usable. The line marks what was asked for." if asked else "Taken / usable."
        )
        lines = selection_lines(found, learnable=learnable)
        self.notes.setText("\n".join(lines))
        self.left_out.show_counts({UNFIT[reason]: count for reason, count in found.left_out.items()})
        for widget, is_shown in (
            (self.bars, bool(groups)),
            (self.legend, bool(groups)),
            (self.notes, bool(lines)),
            (self.left_out_title, bool(found.left_out)),
            (self.left_out, bool(found.left_out)),
        ):
            widget.setVisible(is_shown)


def groups_of(found: Selection) -> tuple[GroupMix, ...]:
    """Return the families as groups of which no share was asked for."""
    fit: defaultdict[str, int] = defaultdict(int)
    taken: defaultdict[str, int] = defaultdict(int)
    for cell in found.cells:
        fit[cell.family] += cell.fit
        taken[cell.family] += cell.taken
    return tuple(GroupMix(name=name, available=n, asked=None, taken=taken[name]) for name, n in fit.items())
