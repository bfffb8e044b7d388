"""A model's share of correct answers as a large number, with its interval below."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.method.statistics import Share
from orca_desk.ui.widgets.text import Tone, label


class ShareStat(QWidget):
    """One model's share, under its name."""

    def __init__(self, name: str, role: Tone) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.share, self.interval = label(size="title", bold=True), label(size="caption", tone="muted")
        layout.addWidget(label(name, tone=role, bold=True))
        layout.addWidget(self.share)
        layout.addWidget(self.interval)

    def show_share(self, right: Share) -> None:
        """Show a share with its interval and counts; a dash where nothing was measured."""
        if not right.n:
            self.share.setText("–")
            self.interval.setText("no task compared")
            return
        self.share.setText(f"{right.share:.0%}")
        self.interval.setText(
            f"{right.low * 100:.0f} to {right.high * 100:.0f}% · {right.correct:,} of {right.n:,} correct"
        )
