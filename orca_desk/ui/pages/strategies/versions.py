"""The versions of a strategy, and the differences between two of them."""

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.method.differences import word_changes
from orca_desk.method.strategies import Strategy
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.marked_text import Mark, MarkedText
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.widgets.when import when


class StrategyVersions(QWidget):
    """Compares two versions, and brings an older one back into the editor."""

    def __init__(self, theme: Theme, *, restore: Callable[[Strategy], None]) -> None:
        super().__init__()
        self._restore_into_editor = restore
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
        self.difference.setAccessibleName("Differences between the two versions")
        layout.addWidget(self.difference, 1)
        self.restore = button("Restore", self._restore)
        self.restore.setToolTip("Put it into the editor; saving makes it a new version")
        layout.addWidget(self.restore, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_versions([], {})

    def show_versions(self, versions: Sequence[Strategy], times: dict[int, str]) -> None:
        """Show the versions of a strategy, the oldest first, and compare the newest two."""
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
        self.restore.setEnabled(len(self._versions) > 1 and chosen[0] != len(self._versions) - 1)
        if len(self._versions) < 2 or min(chosen) < 0:
            self.summary.setText(
                "One version so far. Each save adds a version; none is lost."
                if self._versions
                else "A new strategy gets its first version when it is saved."
            )
            self.difference.show_pieces([])
            return
        before, after = (self._versions[index] for index in chosen)
        self.restore.setText(f"Restore version {before.version}")
        pieces = list(changes(before, after))
        self.summary.setText(
            f"Struck through: only in version {before.version}. Underlined: only in version {after.version}."
            if pieces
            else "The two versions are identical."
        )
        self.difference.show_pieces(pieces)

    def _restore(self) -> None:
        self._restore_into_editor(self._versions[self.before.currentIndex()])


def changes(before: Strategy, after: Strategy) -> Iterator[tuple[str, Mark]]:
    """Yield the differences part by part as marked text; parts without any are left out."""
    parts = (
        ("Title", before.title, after.title),
        ("Purpose", before.description, after.description),
        ("Instruction for the teacher", before.instruction, after.instruction),
        ("Line markers", "\n".join(before.markers), "\n".join(after.markers)),
    )
    for name, old, new in parts:
        if old == new:
            continue
        yield f"{name}\n", "heading"
        for change in word_changes(old, new):
            yield change.text, "plain" if change.state == "kept" else change.state
        yield "\n\n", "plain"
