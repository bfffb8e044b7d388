"""The Settings page's card of this machine: what it has, what can use it, and where models run."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.inventory.machine import MachineReport, describe_machine, stored_machine
from orca_desk.machine.choice import (
    CACHES,
    DEVICE_VARIABLE,
    chosen_device,
    store_choice,
    stored_cache,
    stored_device,
)
from orca_desk.machine.devices import AUTO, CPU
from orca_desk.processes.progress import Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.layouts import clear
from orca_desk.ui.widgets.settings_card import SettingsCard, row
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.machine import (
    CACHE_TITLES,
    STAGES,
    Advice,
    advice,
    busy_note,
    choice_text,
    choice_title,
    machine_lines,
    machine_rows,
)

SPEED_TIP = (
    "GFLOPS: billions of multiplications and additions per second, in a large matrix product, by number"
    " format. Training and answering are almost all such products."
)
CACHE_ABOUT = (
    "How llama.cpp stores keys and values, the memory of a running answer. 8 bits take half the room;"
    " answers can then differ. Automatic: 16 bits, or 8 where only that lets a model fit on a graphics card."
)


class MachineCard(SettingsCard):
    """The machine as a table, what is lacking with its remedy, and the choice of a device for all jobs."""

    def __init__(
        self, desk: Desk, report: Callable[[Exception], None], follow: Callable[[Job], None]
    ) -> None:
        super().__init__(
            desk,
            image="server",
            title="This machine",
            about="What models run on. The choice applies to all your jobs, libraries and commands.",
        )
        self._report, self._follow = report, follow
        self.known: MachineReport | None = None
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(2 * GRID)
        self._table.setVerticalSpacing(GRID // 2)
        self._table.setColumnStretch(1, 1)
        self.rows.addLayout(self._table)
        self._advice = QVBoxLayout()
        self._advice.setSpacing(GRID)
        self.rows.addLayout(self._advice)
        self.rows.addSpacing(GRID // 2)
        self.device = _combo("Where models run")
        self.meaning = label(size="caption", tone="muted", wrap=True)
        self.cache = _combo("Keys and values")
        for name in CACHES:
            self.cache.addItem(CACHE_TITLES[name], name)
        self.rows.addLayout(self._choices())
        self.look = self.tool(
            "Look again",
            "refresh-cw",
            lambda: self._start("Look at the machine", ask=True),
            tip="Ask llama.cpp and PyTorch for their devices again (a few seconds)",
        )
        self.measure = self.tool(
            "Measure again",
            "activity",
            lambda: self._start("Measure the machine", measure=True),
            tip="Measure the speed again, once no job is running (a few seconds)",
        )
        self.copy_table = self.tool("Copy as text", "copy", self._copy)
        self.rows.addLayout(row(self.look, self.measure, self.copy_table))
        self.device.activated.connect(self._choose_device)
        self.cache.activated.connect(self._choose_cache)
        self.paint()

    def refresh(self) -> None:
        """Show what is known now; nothing is asked or measured."""
        self.desk.background.run(self, stored_machine, self.show_report, only_newest="machine")

    def show_report(self, report: MachineReport) -> None:
        """Show a report, and the choice that is stored."""
        self.known = report
        clear(self._table)
        for place, (name, text) in enumerate(machine_rows(report)):
            what = label(name, tone="muted")
            said = label(text, wrap=True, selectable=True)
            said.setAccessibleName(f"{name}: {text}")
            if "FLOPS" in text:
                said.setToolTip(SPEED_TIP)
            self._table.addWidget(what, place, 0, Qt.AlignmentFlag.AlignTop)
            self._table.addWidget(said, place, 1)
        self._show_advice(report)
        self._show_choice(report)
        self.look.setText("Look again" if report.builds else "Look now")
        self.measure.setText("Measure again" if report.speeds else "Measure now")

    def paint(self) -> None:
        """Draw the icons in the theme's colours."""
        super().paint()
        if self.known is not None:
            self._show_advice(self.known)

    def _choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        about = label(CACHE_ABOUT, size="caption", tone="muted", wrap=True)
        for place, (control, words) in enumerate(((self.device, self.meaning), (self.cache, about))):
            name = label(control.accessibleName())
            name.setBuddy(control)
            grid.addWidget(name, 2 * place, 0)
            grid.addWidget(control, 2 * place, 1, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(words, 2 * place + 1, 1)
        self.cache.setAccessibleDescription(CACHE_ABOUT)
        return grid

    def _show_advice(self, report: MachineReport) -> None:
        clear(self._advice)
        found = [advice(one) for one in report.lacks]
        if note := busy_note(report):
            found.append(Advice(problem=note))
        for one in found:
            self._advice.addWidget(self._advice_row(one))

    def _advice_row(self, one: Advice) -> QWidget:
        made = QWidget()
        made.setAccessibleName(str(one))
        line = QGridLayout(made)
        line.setContentsMargins(0, GRID // 2, 0, 0)
        line.setHorizontalSpacing(GRID)
        line.setColumnStretch(1, 1)
        sign = QLabel()
        sign.setPixmap(pixmap("info", self.desk.theme.colours, "muted", 16))
        line.addWidget(sign, 0, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(label(f"{one.problem} {one.remedy}".strip(), wrap=True), 0, 1)
        if one.command:
            line.addWidget(label(one.command, wrap=True, selectable=True, bold=True), 1, 1)
            copy = button("Copy command", lambda: self.copy(one.command))
            copy.setAccessibleName(f"Copy {one.command}")
            line.addWidget(copy, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        return made

    def _show_choice(self, report: MachineReport) -> None:
        stored, devices, asked = stored_device(), report.devices, bool(report.builds)
        names = [AUTO, CPU, *(one.id for one in devices)]
        if stored not in names:
            names.append(stored)
        with QSignalBlocker(self.device), QSignalBlocker(self.cache):
            self.device.clear()
            for name in names:
                self.device.addItem(choice_title(name, devices, asked=asked), name)
            self.device.setCurrentIndex(names.index(stored))
            self.cache.setCurrentIndex(CACHES.index(stored_cache()))
        try:
            chosen = chosen_device()
        except UserError as error:
            self.meaning.setText(str(error))
            return
        said = choice_text(chosen, devices, asked=asked)
        if chosen != stored:
            said = f"${DEVICE_VARIABLE} overrides this choice while Orca Desk runs. {said}"
        self.meaning.setText(said)
        self.device.setAccessibleDescription(said)

    def _choose_device(self, _index: int) -> None:
        self._store(device=str(self.device.currentData()))

    def _choose_cache(self, _index: int) -> None:
        self._store(cache=str(self.cache.currentData()))

    def _store(self, **chosen: str) -> None:
        """Store a choice in order, so that the last of several counts."""
        self.desk.background.run_in_order(
            lambda: store_choice(**chosen), lambda _: self.refresh(), failed=self._report
        )

    def _start(self, title: str, *, ask: bool = False, measure: bool = False) -> None:
        """Look or measure as a job: a measurement waits for jobs that run a model, and they for it."""

        def work(tools: Tools) -> MachineReport:
            return describe_machine(
                ask=ask,
                measure=measure,
                control=tools.control,
                on_stage=lambda stage: tools.progress(Update(stage=STAGES[stage])),
            )

        job = self.desk.jobs.start(title, "machine", work)
        job.ended.connect(lambda: self._ended(job))
        for one in (self.look, self.measure):
            one.setEnabled(False)
        self._follow(job)

    def _ended(self, job: Job) -> None:
        for one in (self.look, self.measure):
            one.setEnabled(True)
        if isinstance(job.result, MachineReport) and job.state == "done":
            self.show_report(job.result)

    def _copy(self) -> None:
        if self.known is not None:
            self.copy("\n".join(f"{name}: {text}" for name, text in machine_lines(self.known)))


def _combo(name: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # names of devices come later
    made.setMinimumWidth(14 * GRID)
    return made
