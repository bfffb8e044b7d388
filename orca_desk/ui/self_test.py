"""The self-test on screen: one line per check, and the results as text to copy."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.steps.demo.self_test import CheckResult, self_test
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import closing_buttons
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.machine import machine_lines


class SelfTest(QDialog):
    """Runs the self-test as a job; closing the dialog stops it."""

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window)
        self._desk = desk
        self.found: list[CheckResult] = []
        self.setWindowTitle("Self-test")
        self.resize(820, 520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(label("Does everything work on this machine?", size="heading", bold=True))
        layout.addWidget(
            label(
                "Takes about half a minute, in a temporary library. Your own library is not changed.",
                tone="muted",
                wrap=True,
            )
        )
        self._panel = JobPanel(self._desk)
        layout.addWidget(self._panel)
        rows = QWidget()
        self._rows = QGridLayout(rows)
        self._rows.setContentsMargins(0, 0, GRID, 0)
        self._rows.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._rows.setHorizontalSpacing(2 * GRID)
        self._rows.setVerticalSpacing(GRID)
        self._rows.setColumnStretch(2, 1)
        layout.addWidget(scrolled(rows, "Checks"), 1)
        self.verdict = label(bold=True, wrap=True)
        layout.addWidget(self.verdict)
        layout.addWidget(closing_buttons(self, button("Copy as text", self._copy)))
        self._job = self._desk.jobs.start("Self-test", "self-test", self._work)
        self._job.event_arrived.connect(self._show)
        self._job.ended.connect(self._say_verdict)
        self._panel.follow(self._job)

    def done(self, result: int) -> None:
        """Close the dialog and stop the test."""
        self._job.stop()
        super().done(result)

    def _work(self, tools: Tools) -> list[CheckResult]:
        return self_test(
            self._desk.library, on_check=tools.tell, progress=tools.progress, control=tools.control
        )

    def _show(self, checked: CheckResult) -> None:
        self.found.append(checked)
        row, colours = len(self.found), self._desk.theme.colours
        sign = QLabel()
        sign.setPixmap(
            pixmap("circle-check" if checked.ok else "circle-x", colours, "good" if checked.ok else "bad")
        )
        sign.setAccessibleName("passed" if checked.ok else "failed")
        cells = (
            sign,
            label(checked.name, bold=True),
            label(_detail(checked), wrap=True, selectable=True),
            label(f"{checked.seconds:.1f} s", tone="muted"),
        )
        for column, cell in enumerate(cells):
            cell.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(cell, row, column)

    def _say_verdict(self) -> None:
        job: Job = self._job
        failed = [one.name for one in self.found if not one.ok]
        if job.state != "done":
            self.verdict.setText("Not finished.")
        elif failed:
            self.verdict.setText("Failed: {}.".format(", ".join(failed)))
        else:
            self.verdict.setText("Everything works.")

    def _copy(self) -> None:
        lines = [f"{'ok  ' if one.ok else 'FAIL'} {one.name}: {_detail(one)}" for one in self.found]
        QGuiApplication.clipboard().setText("\n".join(lines))


def _detail(checked: CheckResult) -> str:
    """Return what a check found; for the machine, its table."""
    if checked.machine is None:
        return checked.detail
    return "\n".join(f"{name}: {text}" for name, text in machine_lines(checked.machine))
