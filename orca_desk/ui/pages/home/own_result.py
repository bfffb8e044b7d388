"""The user's own results on Home: the best tuned student beside the models that were asked the same."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.steps.evaluate.comparison import ModelComparison
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.home.stat import ShareStat
from orca_desk.ui.pages.home.table import ROLES, SYMBOLS
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import Tone, button, card, label
from orca_desk.ui.words.evaluations import comparison_base, comparison_notes, gain_text


class OwnResultView(QWidget):
    """The scores of one comparison, what training gained, and what the scores leave out."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._newest: str | None = None
        self.stats: list[ShareStat] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, layout = card()
        outer.addWidget(frame)
        layout.addWidget(label("Your results", size="heading", bold=True))
        self._row = QHBoxLayout()
        self._row.setSpacing(5 * GRID)
        layout.addLayout(self._row)
        self.sentence = label(wrap=True, selectable=True)
        self.notes = label(tone="warn", wrap=True)
        layout.addWidget(self.sentence)
        layout.addWidget(self.notes)
        row = QHBoxLayout()
        row.addWidget(button("Open the results", self._open))
        row.addStretch(1)
        layout.addLayout(row)

    def show_result(self, found: ModelComparison) -> None:
        """Show a comparison."""
        self._newest = found.summaries[-1].id
        while item := self._row.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self.stats = []
        for one in found.summaries:
            role: Tone = ROLES.get(one.name, "accent")
            stat = ShareStat(f"{SYMBOLS.get(one.name, '◆')} {one.name}", role)
            stat.show_share(one.results.overall.accuracy)
            self.stats.append(stat)
            self._row.addWidget(stat)
        self._row.addStretch(1)
        self.sentence.setText(_sentence(found))
        notes = comparison_notes(found)
        self.notes.setVisible(bool(notes))
        self.notes.setText("\n".join(notes))
        self.show()

    def _open(self) -> None:
        if self._newest is not None:
            self.desk.open("evaluate", evaluation=self._newest)


def _sentence(found: ModelComparison) -> str:
    """Return what training gained where base and tuned student were compared, and on which tasks."""
    ids = {one.name: one.id for one in found.summaries}
    parts = []
    if found.reference == ids.get("base") and ids.get("tuned") in found.differences:
        parts.append(gain_text(found.differences[ids["tuned"]]["overall"]))
    return " ".join([*parts, comparison_base(found)]).strip()
