"""The versions of a strategy, and what changed from one to another."""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.method.differences import word_changes
from orca_desk.method.strategies import Strategy
from orca_desk.ui.pages.strategies.marked_text import Mark, MarkedText
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.when import when


class StrategyVersions(QWidget):
    """Two versions chosen, their difference shown, and an old one brought back into the editor."""

    def __init__(self, theme: Theme, *, bring_back: Callable[[Strategy], None]) -> None:
        super().__init__()
        self._bring_back = bring_back
        self._versions: list[Strategy] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID)
        self.before, self.after = QComboBox(), QComboBox()
        row = QHBoxLayout()
        for text, box in (("From", self.before), ("to", self.after)):
            words = label(text, tone="muted")
            words.setBuddy(box)
            box.setAccessibleName(f"Version {text}")
            box.setMinimumContentsLength(10)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.currentIndexChanged.connect(self._compare)
            row.addWidget(words)
            row.addWidget(box, 1)
        layout.addLayout(row)
        self.summary = label(tone="muted", size="caption", wrap=True)
        layout.addWidget(self.summary)
        self.difference = MarkedText(theme)
        self.difference.setAccessibleName("What changed between the two versions")
        layout.addWidget(self.difference, 1)
        self.back = button("Bring back the older one", self._back)
        self.back.setToolTip("Put it into the editor; saving it makes a new version")
        layout.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_versions([], {})

    def show_versions(self, versions: Sequence[Strategy], times: dict[int, str]) -> None:
        """Show the versions of a strategy, oldest first, and compare the newest two."""
        self._versions = list(versions)
        for box in (self.before, self.after):
            box.blockSignals(True)
            box.clear()
            for version in versions:
                box.addItem(f"{version.version}  ·  {when(times.get(version.version, ''))}")
            box.blockSignals(False)
        if versions:
            self.after.setCurrentIndex(len(versions) - 1)
            self.before.setCurrentIndex(max(0, len(versions) - 2))
        for widget in (self.before, self.after):
            widget.setEnabled(len(versions) > 1)
        self._compare()

    def _compare(self) -> None:
        chosen = [box.currentIndex() for box in (self.before, self.after)]
        self.back.setEnabled(len(self._versions) > 1 and chosen[0] != len(self._versions) - 1)
        if len(self._versions) < 2 or min(chosen) < 0:
            self.summary.setText(
                "There is one version so far. Saving a change makes the next one; none is ever lost."
                if self._versions
                else "A new strategy gets its first version when it is saved."
            )
            self.difference.show_pieces([])
            return
        before, after = (self._versions[place] for place in chosen)
        pieces = list(changes(before, after))
        self.summary.setText(
            f"Struck through: only in version {before.version}. Underlined: only in version {after.version}."
            if pieces
            else "These two are the same."
        )
        self.difference.show_pieces(pieces)

    def _back(self) -> None:
        self._bring_back(self._versions[self.before.currentIndex()])


def changes(before: Strategy, after: Strategy) -> Iterator[tuple[str, Mark]]:
    """Yield what changed, part by part, as marked text; nothing for parts that are the same."""
    parts = (
        ("Title", before.title, after.title),
        ("What it is for", before.description, after.description),
        ("What the teacher is told", before.instruction, after.instruction),
        ("Words that open its lines", ", ".join(before.markers), ", ".join(after.markers)),
    )
    for name, old, new in parts:
        if old == new:
            continue
        yield f"{name}\n", "heading"
        for change in word_changes(old, new):
            yield change.text, "plain" if change.state == "kept" else change.state
        yield "\n\n", "plain"
