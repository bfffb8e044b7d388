"""The result of a finished demo: in words, by family as table and plot, and the worked example."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from orca_desk.steps.demo.result import MODELS, DemoResult, WorkedExample
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.pages.home.stat import ShareStat
from orca_desk.ui.pages.home.table import ROLES, STRATEGY, SYMBOLS, TOKENS, DemoResultTable, ModelTone
from orca_desk.ui.theme import GRID, Role, Theme, font, grown
from orca_desk.ui.widgets.copy_table import offer_copies
from orca_desk.ui.widgets.fitting_browser import FittingBrowser
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import button, card, label, set_tone
from orca_desk.ui.words.demo import result_heading
from orca_desk.ui.words.evaluations import gain_text, gap_text
from orca_desk.ui.words.grading import verdict_reason

PLOT = 64 * GRID  # px, the least width of the plot beside the table
ROW = 30  # px
NARROWEST = 56 * GRID  # px, the least width of the table with its tokens
TINIEST = 42 * GRID  # px, without them


class ResultView(QWidget):
    """The whole result of a demo, with buttons to look further."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.found: DemoResult | None = None
        self.training: str | None = None
        self.plot: Any = None
        self._table_width = NARROWEST  # px, at which no text is cut off
        self._family_width = 0  # px
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(self._summary_card())
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(GRID + GRID // 2)
        self._pair.addWidget(self._table_card())
        self._pair.addWidget(self._plot_card(), 1)
        layout.addLayout(self._pair)
        layout.addWidget(self._worked_card())
        desk.theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def show_result(self, found: DemoResult, training: str | None) -> None:
        """Show a result. `training` is the id of the demo's training, which the buttons open."""
        self.found, self.training = found, training
        self.heading.setText(result_heading(found.student))
        for who, stat in self._stats.items():
            stat.show_share(found.scores[who][OVERALL].accuracy)
        self.sentence.setText(_sentence(found))
        self.model.show_result(found)
        self._fit_table()
        self._arrange()
        self._question.show_text(found.question)
        for who, shown in self._worked.items():
            shown.show_answer(found.worked[who])
        self._show_plot(found)
        self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Place the plot beside the table where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Adapt to the width: the plot beside or below the table, strategies and tokens where they fit."""
        wide = self.width() >= self._table_width + PLOT
        narrow = self.width() - 4 * GRID < self._table_width
        tiny = self.width() - 4 * GRID < NARROWEST
        least = TINIEST if tiny else NARROWEST
        self.table.setMinimumWidth(self._table_width if wide else min(self._table_width, least))
        self.table.setColumnHidden(STRATEGY, narrow)
        for column in TOKENS:
            self.table.setColumnHidden(column, tiny)
        stretched, fixed = QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.Interactive
        header = self.table.horizontalHeader()
        was_narrow = header.sectionResizeMode(0) == stretched
        header.setSectionResizeMode(0, stretched if narrow else fixed)
        if was_narrow and not narrow:  # it would keep what it was stretched to
            header.resizeSection(0, self._family_width)
        header.setSectionResizeMode(STRATEGY, fixed if narrow else stretched)
        self._pair.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )

    def _summary_card(self) -> QFrame:
        frame, layout = card()
        self.heading = label(size="heading", bold=True, wrap=True)
        layout.addWidget(self.heading)
        row = FlowRow(spacing=5 * GRID)
        names = {
            "base": "Base student",
            "tuned": "Tuned student",
            "teacher": "Teacher, given the strategy",
        }
        self._stats = {who: ShareStat(f"{SYMBOLS[who]} {names[who]}", ROLES[who]) for who in MODELS}
        for stat in self._stats.values():
            row.addWidget(stat)
        layout.addLayout(row)
        layout.addSpacing(GRID // 2)
        self.sentence = label(wrap=True, selectable=True)
        layout.addWidget(self.sentence)
        layout.addSpacing(GRID // 2)
        layout.addLayout(self._open_buttons())
        return frame

    def _open_buttons(self) -> FlowRow:
        row = FlowRow()
        open_page = self.desk.open
        targets: tuple[tuple[str, str, str, Callable[[], Any]], ...] = (
            ("Read the records", "records", "columns-2", lambda: open_page("records")),
            ("See the training", "training", "chart-line", self._open_training),
            ("Read the answers", "evaluate", "target", self._open_evaluation),
            ("Chat with the student", "chat", "message-circle", self._open_chat),
        )
        self._buttons = {}
        for text, name, image, run in targets:
            made = button(text, run)
            made.setObjectName(f"result-{name}")
            self._buttons[made] = image
            row.addWidget(made)
        return row

    def _table_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("Held-out tasks answered correctly, with 95% interval", bold=True))
        self.model = DemoResultTable(self.desk.theme)
        self.table = QTableView()
        self.table.setObjectName("result-table")
        self.table.setAccessibleName("Correct answers of base, tuned student and teacher by family")
        self.table.setModel(self.model)
        offer_copies(self.table)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(grown(ROW))
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(5 * GRID)
        layout.addWidget(self.table)
        layout.addStretch(1)
        return frame

    def _plot_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("Correct answers by family", bold=True))
        self._plot_layout = layout
        return frame

    def _worked_card(self) -> QFrame:
        frame, layout = card()
        layout.addWidget(label("John and Mark, before and after", size="heading", bold=True))
        self._question = FittingBrowser("The question")
        layout.addWidget(self._question)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        names = {"base": "Base student", "tuned": "Tuned student"}
        self._worked = {
            who: WorkedAnswer(self.desk.theme, f"{SYMBOLS[who]} {name}", ROLES[who])
            for who, name in names.items()
        }
        for shown in self._worked.values():
            row.addWidget(shown, 1)
        layout.addLayout(row)
        return frame

    def _fit_table(self) -> None:
        """Give each column the width of its longest text. There are a few dozen cells at most."""
        metrics = QFontMetrics(font("body", bold=True))
        header = self.table.horizontalHeader()
        rows = range(self.model.rowCount())
        self._table_width = 4
        for column in range(self.model.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            texts = [str(self.model.headerData(column, Qt.Orientation.Horizontal))]
            texts += [str(self.model.index(row, column).data()) for row in rows]
            width = min(max(map(metrics.horizontalAdvance, texts)), 30 * GRID) + 3 * GRID
            header.resizeSection(column, width)
            self._table_width += width
            self._family_width = self._family_width if column else width
        self.table.setFixedHeight(header.sizeHint().height() + grown(ROW) * self.model.rowCount() + 4)

    def _show_plot(self, found: DemoResult) -> None:
        if self.plot is None:
            # Imported here: most starts show no plot
            from orca_desk.ui.widgets.family_chart import FamilyChart
            from orca_desk.ui.widgets.plot_menu import PlotMenu

            self.plot = FamilyChart(self.desk.theme)
            menu = PlotMenu(self.desk, self.plot, None, name="demo", write=self.plot.export)
            self._plot_layout.addWidget(self.plot, 1)
            self._plot_layout.addWidget(menu.make_button(), 0, Qt.AlignmentFlag.AlignRight)
        self.plot.show_shares({who: found.shares(who) for who in MODELS})

    def _open_training(self) -> None:
        self.desk.open("training", **({"training": self.training} if self.training else {}))

    def _open_evaluation(self) -> None:
        if self.found:
            self.desk.open("evaluate", evaluation=self.found.runs["tuned"])

    def _open_chat(self) -> None:
        self.desk.open("chat", **({"training": self.training} if self.training else {"do": "new"}))

    def _paint(self) -> None:
        for made, image in self._buttons.items():
            made.setIcon(icon(image, self.desk.theme.colours))


class WorkedAnswer(QFrame):
    """One model's answer to the worked example, with its verdict."""

    def __init__(self, theme: Theme, name: str, role: ModelTone) -> None:
        super().__init__()
        self._theme, self._correct = theme, False
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        layout.addWidget(label(name, tone=role, bold=True))
        self.answer = FittingBrowser(f"The answer of {name}")
        layout.addWidget(self.answer)
        layout.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._icon = QLabel()
        self.verdict = label(size="caption", wrap=True)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.verdict, 1)
        layout.addLayout(row)
        theme.changed.connect(self._paint)

    def show_answer(self, worked: WorkedExample) -> None:
        """Show an answer and its verdict."""
        self._correct = worked.verdict.correct
        self.answer.show_text(worked.answer.strip())
        word = "Correct." if self._correct else "Incorrect."
        self.verdict.setText(f"{word} {verdict_reason(worked.verdict.reason)}")
        set_tone(self.verdict, "good" if self._correct else "bad")
        self._paint()

    def _paint(self) -> None:
        image = "circle-check" if self._correct else "circle-x"
        role: Role = "good" if self._correct else "bad"
        self._icon.setPixmap(pixmap(image, self._theme.colours, role, 14))


def _sentence(found: DemoResult) -> str:
    followed = found.adherence
    interval = f"{followed.low:.0%} to {followed.high:.0%}"
    return (
        f"{gain_text(found.gain)} {gap_text(found.gap)} Without being told a strategy, the tuned student"
        f" chose the paired one in {followed.share:.0%} of {followed.n:,} held-out tasks ({interval})."
    )
