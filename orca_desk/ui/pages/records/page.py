"""The Records page: every answer beside what the student will see of it, reviewed by keyboard."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.library.records import Decision
from orca_desk.library.review import record_ids
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.method.erasure import student_instruction
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.defaults import StudentMessage, default_message
from orca_desk.steps.erase.review import Compared, compare
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import Page
from orca_desk.ui.pages.records.actions import RecordActions
from orca_desk.ui.pages.records.inspector import InspectorView
from orca_desk.ui.pages.records.queue import RecordQueue
from orca_desk.ui.pages.records.review_bar import ReviewBar
from orca_desk.ui.pages.records.side_by_side import SideBySide
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.text import button

if TYPE_CHECKING:
    from orca_desk.steps.instruct.regenerate import Regenerated
    from orca_desk.ui.pages.records.regenerate_dialog import RegenerateDialog

VIEW = "records.view"  # library setting: filters, place, tab and student instruction of this page
KEEP_AFTER_MS = 700


class RecordsPage(Page):
    """The list with its filters, the record side by side or as tokens, and the review's actions."""

    name = "records"
    title = "Records"
    about = "What the teacher answered, and what the student will see of it."
    watches = frozenset({"records", "tasks", "strategies", "snapshots"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        kept = get_setting(desk.library, VIEW, {})
        self._kept: dict[str, Any] = kept if isinstance(kept, dict) else {}
        self._dialog: RegenerateDialog | None = None
        self.queue = RecordQueue(desk)
        self.filters, self.table = self.queue.filters, self.queue.table
        self.side = SideBySide(desk)
        self.inspector = InspectorView(desk, wanted=self.filters.value, instruction=self.instruction)
        self.actions = RecordActions(desk, self)
        self.panel = JobPanel(desk)
        self.tabs = QTabWidget()
        self._saver = QTimer(self)
        self._saver.setSingleShot(True)
        self._saver.setInterval(KEEP_AFTER_MS)
        self._saver.timeout.connect(self._keep_view)
        self._make_commands()
        self.bar = ReviewBar(desk, self)
        self._lay_out()
        self._restore_view()
        self._connect()

    @property
    def compared(self) -> Compared | None:
        """The record that is shown."""
        return self.side.compared

    def instruction(self) -> str:
        """Return the student instruction that is shown; the user's default while the own one is blank."""
        chosen = self.side.instruction.value()
        return chosen.message if chosen else student_instruction()

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the list anew, and the record shown; see Page."""
        if changes & {"records", "tasks", "strategies"}:
            self.queue.read()
        if "records" in changes:
            self.queue.read_choices()
        if "snapshots" in changes:
            self.inspector.read_snapshots()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show {"record": id}, or the list of {"run": id}, {"family": name}, {"decision": "none"}."""
        filters = {name: target[name] for name in ("family", "strategy", "run", "decision") if name in target}
        if filters:
            self.queue.show_only(filters)
        if "record" in target:
            self.queue.show_record(str(target["record"]))

    def first_focus(self) -> QWidget:
        """Begin in the list, so that the review's keys work at once."""
        return self.table

    def close_page(self) -> None:
        """Keep where the user is, and what waits to be written."""
        self.actions.finish()
        self._saver.stop()
        self._keep_view()

    # What the user does

    def decide(self, decision: Decision | None) -> None:
        """Keep, drop or undecide the selected records; with a single one go on to the next."""
        if self.side.answer.is_editing:
            self.desk.say("Save your answer or leave it first.")
            return
        numbers = self.table.chosen()
        if len(numbers) == 1:
            if self.compared is None or self.compared.number != numbers[0]:
                return  # it is not on the screen yet
            self.actions.decide([self.compared.stored.record.id], decision)
            if decision and not self.table.go(1):
                self.desk.say("That was the last record of this list.")
        elif numbers:
            library = self.desk.library
            self.desk.background.run(
                self, lambda: record_ids(library, numbers), lambda ids: self.actions.decide(ids, decision)
            )

    def edit(self) -> None:
        """Let the user write an answer of their own."""
        self.tabs.setCurrentWidget(self.side)
        self.side.edit()

    def regenerate(self) -> None:
        """Ask with what the teacher is to be asked again."""
        if self.compared is None or self.side.answer.is_editing:
            return
        from orca_desk.ui.pages.records.regenerate_dialog import RegenerateDialog

        self._dialog = RegenerateDialog(self.desk, self.compared, self)
        self._dialog.asked.connect(self._regenerate)
        self._dialog.finished.connect(self._dialog.deleteLater)
        self._dialog.open()

    def export(self) -> None:
        """Ask for a file, and write the training records of the filter to it."""
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Export training records",
            str(Path.home() / "training-records.jsonl"),
            "JSON lines (*.jsonl)",
        )
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write the training records of the filter to a file."""
        self.panel.follow(self.actions.export(path, self.filters.value(), self.instruction()))

    # Building

    def _make_commands(self) -> None:
        self.next = self.command("&Next record", self._next, key="J", image="chevron-right")
        self.next.setShortcuts(["J", "Alt+Down"])
        self.previous = self.command("&Previous record", self._previous, key="K", image="chevron-left")
        self.previous.setShortcuts(["K", "Alt+Up"])
        self.keep_it = self.command(
            "&Keep", lambda: self.decide("keep"), key="Y", image="check",
            tip="Train on it, whatever its verdict",
        )  # fmt: skip
        self.drop_it = self.command(
            "&Drop", lambda: self.decide("drop"), key="D", image="x",
            tip="Leave it out of every later snapshot",
        )  # fmt: skip
        self.undecide = self.command(
            "&Undecided", lambda: self.decide(None), key="U", image="undo-2",
            tip="Take the decision back",
        )  # fmt: skip
        self.edit_it = self.command(
            "&Edit the answer", self.edit, key="E", image="pencil",
            tip="Write your own version; the teacher's stays beside it",
        )  # fmt: skip
        self.again = self.command(
            "&Regenerate…", self.regenerate, key="R", image="refresh-cw",
            tip="Ask the teacher again, under another strategy or with another seed",
        )  # fmt: skip
        self.export_them = self.command(
            "E&xport training records…", self.export, image="file-output",
            tip="Write the records that the filters leave, with the instruction erased, as JSON lines",
        )  # fmt: skip
        self.command("&Side by side", lambda: self.tabs.setCurrentIndex(0), key="1", image="columns-2")
        self.command("&Inspector", lambda: self.tabs.setCurrentIndex(1), key="2", image="scan-text")

    def _lay_out(self) -> None:
        self.tabs.addTab(self.side, "Side by side")
        self.tabs.addTab(self.inspector, "Inspector")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self._none_left = EmptyState(
            self.desk.theme,
            image="funnel",
            title="",
            text="",
            action="Clear filters",
            run=self.filters.clear.click,
        )
        self._right = QStackedWidget()
        self._right.addWidget(self.tabs)
        self._right.addWidget(self._none_left)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GRID, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._right, 1)
        column.addWidget(self.panel)
        column.addWidget(self.bar)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.queue)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([33 * GRID, 123 * GRID])
        self._empty = EmptyState(
            self.desk.theme,
            image="columns-2",
            title="No records yet",
            text="Every answer of the teacher becomes a record that is reviewed here.",
            action="Go to Teacher",
            run=lambda: self.desk.open("teacher"),
        )
        self._pages = QStackedWidget()
        self._pages.addWidget(splitter)
        self._pages.addWidget(self._empty)
        self.body.addWidget(self._pages, 1)
        self._export_button = button("Export…", self.export, tip=self.export_them.toolTip())
        self.header.addWidget(self._export_button, 0, Qt.AlignmentFlag.AlignBottom)
        self.keep("list", splitter)
        self.keep("parts", self.side.parts)

    def _connect(self) -> None:
        self.queue.filled.connect(self._show_filled)
        self.queue.shown.connect(self._show_number)
        self.table.selected.connect(self._show_place)
        self.queue.missing.connect(self._show_missing)
        self.side.instruction.changed.connect(self._reread)
        self.side.saved.connect(self._save_edit)
        self.side.restored.connect(self._restore_answer)
        self.side.task_wanted.connect(self._open_task)
        self.actions.refused.connect(self.notice.show_error)
        self.actions.answered.connect(self._show_made)
        self.actions.exported.connect(self._show_exported)
        self.tabs.currentChanged.connect(self._show_tab)
        self.desk.models.changed.connect(self._reread)
        if not self.desk.models.is_read:
            self.desk.models.read()

    # Reading

    def _show_filled(self, count: int, some: bool) -> None:
        self._pages.setCurrentIndex(0 if some else 1)
        self._right.setCurrentIndex(0 if count else 1)
        for part in (self.bar, self._export_button):
            part.setVisible(bool(count))
        self._name_emptiness()
        self._saver.start()

    def _show_missing(self) -> None:
        self.notice.show_message("This record is not in the library.", kind="warn")

    def _name_emptiness(self) -> None:
        reviewed = self.filters.decision.currentData() == "none"
        title = "Nothing is left to review" if reviewed else "No record matches"
        text = (
            "Every record that the filters leave has a decision."
            if reviewed
            else "The filters on the left leave no record."
        )
        self._none_left.title.setText(title)
        self._none_left.text.setText(text)

    def _show_number(self, number: int | None) -> None:
        self._show_place()
        self._saver.start()
        if number is None:
            self.side.show_record(None)
            self.inspector.show_record(None)
            return
        self._reread()

    def _reread(self, *_: object) -> None:
        """Read the record that is to be shown, and what becomes of it."""
        number = self.table.number
        if number is None:
            return
        library, instruction = self.desk.library, self.instruction()
        models = self.desk.models.of("gguf")
        self._saver.start()
        self.desk.background.run(
            self,
            lambda: compare(library, number, instruction, models=models),
            self._show_record,
            failed=self.notice.show_error,
            only_newest="record",
        )

    def _show_record(self, compared: Compared) -> None:
        self.side.show_record(compared)
        self._show_tab()

    def _show_tab(self, *_: object) -> None:
        if self.tabs.currentWidget() is self.inspector:
            self.inspector.show_record(self.compared.training if self.compared else None)
        self._saver.start()

    def _show_place(self) -> None:
        self.bar.show_place(*self.queue.place)

    # Writing

    def _save_edit(self, text: str) -> None:
        if self.compared is None:
            return
        if self.actions.save_edit(self.compared.stored.record.id, text):
            self.notice.hide()
            self.table.setFocus()
        else:
            self.side.keep_draft(text)

    def _restore_answer(self) -> None:
        if self.compared is not None:
            self._save_edit(self.compared.stored.record.response)

    def _regenerate(self, model: ModelFile, strategy: str, sampling: Sampling) -> None:
        if self.compared is not None:
            record_id = self.compared.stored.record.id
            job = self.actions.regenerate(
                self.compared.number, record_id, model=model, strategy=strategy, sampling=sampling
            )
            self.panel.follow(job)

    def _show_made(self, asked_from: int, made: "Regenerated") -> None:
        if made.record is None:
            return
        if made.known:
            self.notice.show_message(
                "The library has the answer to just this already; here it is.", kind="info"
            )
        if self.table.number == asked_from and not self.side.answer.is_editing:
            self.go({"record": made.record})
        else:
            self.notice.show_message(
                "The teacher has answered again.",
                kind="good",
                action="Show the new record",
                run=lambda: self.go({"record": made.record}),
            )

    def _show_exported(self, count: int, path: Path) -> None:
        self.notice.show_message("{} training records are in {}.".format(f"{count:,}", path), kind="good")

    def _open_task(self) -> None:
        if self.compared is not None:
            self.desk.open("tasks", task=self.compared.stored.record.task_id)

    def _next(self) -> None:
        self.table.go(1)

    def _previous(self) -> None:
        self.table.go(-1)

    # Where the user is, over restarts

    def _restore_view(self) -> None:
        filters = self._kept.get("filters")
        number = self._kept.get("number")
        self.queue.begin_at(
            filters if isinstance(filters, dict) else {}, number if isinstance(number, int) else None
        )
        self.tabs.setCurrentIndex(1 if self._kept.get("tab") == 1 else 0)
        message = default_message(self.desk.library)
        with contextlib.suppress(KeyError, TypeError, UserError):
            message = StudentMessage(**self._kept["instruction"])
        self.side.instruction.choose(message)

    def _keep_view(self) -> None:
        chosen = self.side.instruction.value() or StudentMessage()
        view = {
            "filters": self.filters.chosen(),
            "number": self.table.number,
            "tab": self.tabs.currentIndex(),
            "instruction": {"kind": chosen.kind, "text": chosen.text},
        }
        if view != self._kept:
            self._kept = view
            if self.desk.library.problem is None:
                set_setting(self.desk.library, VIEW, view)
