"""The Records page: each answer beside what the student will see of it, reviewed by keyboard."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLineEdit, QWidget

from orca_desk.counting import counted
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.records import RecordFilter
from orca_desk.library.review import record_ids
from orca_desk.method.erasure import student_instruction
from orca_desk.method.fitness import Decision
from orca_desk.steps.erase.review import ReviewItem, review_item
from orca_desk.ui.desk import Desk, Unsaved
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.records.actions import RecordActions
from orca_desk.ui.pages.records.inspector import InspectorView
from orca_desk.ui.pages.records.queue import RecordQueue
from orca_desk.ui.pages.records.regenerating import Regenerating
from orca_desk.ui.pages.records.review_bar import ReviewBar
from orca_desk.ui.pages.records.saved_view import SavedView
from orca_desk.ui.pages.records.side_by_side import SideBySide
from orca_desk.ui.pages.records.view import RecordsView
from orca_desk.ui.widgets.data_export_dialog import DataChoice
from orca_desk.ui.widgets.data_exports import DataExports
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.row_menus import list_menu
from orca_desk.ui.widgets.text import button
from orca_desk.ui.widgets.tidying import Tidying
from orca_desk.ui.words.tidying import tidying_of

if TYPE_CHECKING:
    from orca_desk.ui.pages.records.rules_dialog import RulesDialog

UNSAVED = "An edit in Records is not saved. Save or discard it."
ON_RECORDS = ("Keep", "Drop", "Undecided", "Edit the answer", "Regenerate…")  # commands, in the menu of a row


class RecordsPage(Page):
    """The list with its filters, the record side by side or as tokens, and the actions of the review."""

    name = "records"
    title = "Records"
    widest = WIDE_PANES
    about = "The teacher's answers, and what the student will see of them."
    watches = frozenset({"records", "tasks", "strategies", "snapshots"})
    on_rows = tidying_of(Kind.RECORD)
    offers = (
        Command(
            "&Next record", lambda page: page.table.go(1), key=("J", "Alt+Down"), image="chevron-right"
        ),
        Command(
            "&Previous record", lambda page: page.table.go(-1), key=("K", "Alt+Up"), image="chevron-left"
        ),
        Command(
            "&Keep", lambda page: page.decide("keep"), key="Y", image="check", on_selection=True,
            tip="Use it for training, whatever its verdict",
        ),
        Command(
            "&Drop", lambda page: page.decide("drop"), key="D", image="x", on_selection=True,
            tip="Leave it out of every later snapshot",
        ),
        Command(
            "&Undecided", lambda page: page.decide(None), key="U", image="undo-2", on_selection=True,
            tip="Remove the decision",
        ),
        Command(
            "&Edit the answer", lambda page: page.edit(), key="E", image="pencil", on_selection=True,
            tip="Write your own version; the teacher's answer is preserved",
        ),
        Command(
            "&Regenerate…", lambda page: page.regenerating.ask(), key="R", image="refresh-cw",
            on_selection=True, tip="Ask the teacher again, with another strategy or seed",
        ),
        Command(
            "Keep all listed", lambda page: page.decide_listed("keep"), image="check",
            tip="Keep every record that matches the search and the filters", on_selection=True,
        ),
        Command(
            "Drop all listed", lambda page: page.decide_listed("drop"), image="x",
            tip="Drop every record that matches the search and the filters", on_selection=True,
        ),
        Command(
            "Keep &all listed that are correct", lambda page: page.keep_correct(), image="check",
            tip="Keep every record in the list that is correct and not reviewed yet", on_selection=True,
        ),
        Command(
            "E&xport records…", lambda page: page.export(), key="Ctrl+Shift+E", image="file-output",
            tip="Training records, teacher records or preference pairs, in the format of another program",
        ),
        Command(
            "Import ans&wers…", lambda page: page.import_answers(), image="file-input",
            tip="Answers that a model gave elsewhere become teacher records",
        ),
        Command(
            "Ru&les…", lambda page: page.edit_rules(), image="sliders-horizontal",
            tip="Which records are used for training, and what each rule removes",
        ),
        SEARCH,
        Command(
            "&Side by side", lambda page: page.tabs.setCurrentIndex(0), key=("Alt+1", "1"), image="columns-2"
        ),
        Command(
            "&Inspector", lambda page: page.tabs.setCurrentIndex(1), key=("Alt+2", "2"), image="scan-text"
        ),
    )  # fmt: skip

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rules_dialog: RulesDialog | None = None
        self.queue = RecordQueue(desk)
        self.filters, self.table = self.queue.filters, self.queue.table
        self.side = SideBySide(desk)
        self.inspector = InspectorView(desk, record_filter=self.filters.value, instruction=self.instruction)
        self.record_actions = RecordActions(desk, self)
        self.tidying = Tidying(
            desk,
            self.table,
            Kind.RECORD,
            self.table.selected_rowids,
            find=lambda rowids: record_ids(desk.library, rowids),
        )
        self._take_commands()
        self.bar = ReviewBar(desk, self)
        self.view = RecordsView(
            desk, queue=self.queue, side=self.side, inspector=self.inspector, bar=self.bar
        )
        self.tabs, self.panel = self.view.tabs, self.view.panel
        self.saved_view = SavedView(desk, self.queue, self.tabs, self.side.instruction)
        self.regenerating = Regenerating(self, self.side, self.panel, show_record=self._go_to_record)
        self.exports = DataExports(desk, self, notice=self.notice, panel=self.panel)
        self.body.addWidget(self.view, 1)
        self._export_button = button("Export…", self.export, tip=self.export_them.toolTip())
        self._rules_button = button("Rules…", self.edit_rules, tip=self.action("Rules…").toolTip())
        self._import_button = button(
            "Import…", self.import_answers, tip=self.action("Import answers…").toolTip()
        )
        self.header.addWidget(self._import_button)
        self.header.addWidget(self._rules_button)
        self.header.addWidget(self._export_button)
        self.keep("list", self.view.splitter)
        self.keep("parts", self.side.parts)
        desk.unsaved.append(
            Unsaved(lambda: UNSAVED if self.side.response.is_changed else "", self.save_edit_and)
        )
        self.saved_view.restore()
        self._connect()

    @property
    def item(self) -> ReviewItem | None:
        """The record on screen."""
        return self.side.item

    def instruction(self) -> str:
        """Return the selected message for the student, or the default while the custom one is blank."""
        selected = self.side.instruction.value()
        return selected.message if selected else student_instruction()

    def refresh(self, changes: frozenset[str]) -> None:
        """See Page."""
        if changes & {"records", "tasks", "strategies"}:
            self.queue.read()
        if "records" in changes:
            self.queue.read_choices()
        if "snapshots" in changes:
            self.inspector.read_snapshots()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show {"record": id}, or the list of {"run": id}, {"family": name} or {"decision": "none"}."""
        filters = {name: target[name] for name in ("family", "strategy", "run", "decision") if name in target}
        if filters:
            self.queue.show_only(filters)
        if "record" in target:
            self.queue.show_record(str(target["record"]))
        if "regenerate" in target:
            self.regenerating.start_stored(str(target["record"]), target["regenerate"])

    def first_focus(self) -> QWidget:
        """See Page: the list, so that the keys of the review work immediately."""
        return self.table

    def search_field(self) -> QLineEdit:
        """See Page."""
        return self.filters.text

    def close_page(self) -> None:
        """Save the view."""
        self.saved_view.save()

    # What the user does

    def import_answers(self) -> None:
        """Select a file of answers that a model gave elsewhere; the page of the tasks imports it."""
        self.desk.open("tasks", do="import", what="records")

    def decide(self, decision: Decision | None) -> None:
        """Store the decision for the selected records. After a single one, the next becomes current."""
        if self.side.response.is_editing:
            self.desk.say("Save or discard your edit first.")
            return
        rowids = self.table.selected_rowids()
        if len(rowids) == 1:
            if self.item is None or self.item.rowid != rowids[0]:
                return  # the user does not see this record yet
            record = self.item.stored.record
            self.record_actions.decide([record.id], decision, question=record.user)
            if decision and not self.table.go(1):
                self.desk.say("That was the last record in the list.")
        elif rowids:
            library = self.desk.library
            self.desk.background.run(
                self,
                lambda: record_ids(library, rowids),
                lambda ids: self.record_actions.decide(ids, decision),
            )

    def keep_correct(self) -> None:
        """Keep every listed record that is correct and not reviewed yet."""
        self.record_actions.keep_correct(self.queue.listed, done=self._show_kept)

    def decide_listed(self, decision: Decision) -> None:
        """Keep or drop every record that matches the search and the filters, also beyond the screen."""
        if self.side.response.is_editing:
            self.desk.say("Save or discard your edit first.")
            return
        verb = "Kept" if decision == "keep" else "Dropped"
        self.record_actions.decide_listed(
            self.queue.listed, decision, done=lambda count, change: self._show_decided(verb, count, change)
        )

    def edit(self) -> None:
        """Let the user edit the answer."""
        self.tabs.setCurrentWidget(self.side)
        self.side.edit()

    def export(self) -> None:
        """Let the user export the filtered records: to train on, as they are, or in pairs."""
        wanted, instruction = self.queue.listed, self.instruction()
        listed = "listed records" if wanted != RecordFilter() else "all records"
        self.exports.ask(
            DataChoice(
                name=f"Training records: {listed}, with the instruction erased",
                table="training",
                wanted={"records": wanted, "instruction": instruction},
            ),
            DataChoice(
                name=f"Teacher records: {listed}, as the teacher was asked",
                table="teacher",
                wanted={"records": wanted},
            ),
            DataChoice(
                name=f"Preference pairs: a correct and an incorrect answer to one question, of {listed}",
                table="preferences",
                wanted={"records": wanted, "instruction": instruction},
            ),
        )

    def edit_rules(self) -> None:
        """Open the dialog for the rules for records."""
        from orca_desk.ui.pages.records.rules_dialog import RulesDialog

        self.rules_dialog = RulesDialog(self.desk, self)
        self.rules_dialog.record_requested.connect(self._go_to_record)
        self.rules_dialog.finished.connect(self.rules_dialog.deleteLater)
        self.rules_dialog.open()

    # Building

    def _take_commands(self) -> None:
        self.next, self.previous = self.action("Next record"), self.action("Previous record")
        self.keep_it, self.drop_it = self.action("Keep"), self.action("Drop")
        self.undecide = self.action("Undecided")
        self.edit_it, self.regenerate_it = self.action("Edit the answer"), self.action("Regenerate…")
        self.export_them = self.action("Export records…")

    def _connect(self) -> None:
        self.queue.filled.connect(self._show_filled)
        self.queue.current_changed.connect(self._show_current)
        self.queue.not_found.connect(self._show_not_found)
        self.table.selection_updated.connect(self._show_position)
        on_records = [self.action(text) for text in ON_RECORDS]
        list_menu(self.table, lambda: [*on_records, self.export_them, *self.tidying.actions])
        self.side.instruction.changed.connect(self._read_record)
        self.side.edit_saved.connect(self._save_edit)
        self.side.restore_requested.connect(self._restore_answer)
        self.side.task_requested.connect(self._open_task)
        self.record_actions.failed.connect(self.notice.show_error)
        self.record_actions.edited.connect(self._show_changed)
        self.record_actions.taken_back.connect(self._show_changed)
        self.queue.hidden.connect(self._show_hidden)
        self.filters.offer_all(
            [
                self.action(text)
                for text in ("Keep all listed", "Drop all listed", "Keep all listed that are correct")
            ]
        )
        self.tabs.currentChanged.connect(self._show_tab)
        self.desk.models.changed.connect(self._read_record)
        if not self.desk.models.is_read:
            self.desk.models.read()

    # Reading

    def _show_filled(self, listed: int, has_records: bool) -> None:
        self.view.show_content(listed, has_records=has_records)
        self._export_button.setVisible(bool(listed))
        self._rules_button.setVisible(has_records)
        self.saved_view.save_soon()

    def _show_not_found(self) -> None:
        self.notice.show_message("This record is no longer in the library.", kind="warn")

    def _show_current(self, rowid: int | None) -> None:
        self._show_position()
        self.saved_view.save_soon()
        if rowid is None:
            self.side.show_record(None)
            self.inspector.show_record(None)
            return
        self._read_record()

    def _read_record(self, *_: object) -> None:
        """Read the current record and what erasure makes of it."""
        rowid = self.table.rowid
        if rowid is None:
            return
        library, instruction = self.desk.library, self.instruction()
        models = self.desk.models.of("gguf")
        self.saved_view.save_soon()
        self.desk.background.run(
            self,
            lambda: review_item(library, rowid, instruction, models=models),
            self._show_record,
            failed=self.notice.show_error,
            only_newest="record",
        )

    def _show_record(self, item: ReviewItem) -> None:
        self.side.show_record(item)
        self._show_tab()

    def _show_tab(self, *_: object) -> None:
        if self.tabs.currentWidget() is self.inspector:
            self.inspector.show_record(self.item.training if self.item else None)
        self.saved_view.save_soon()

    def _show_position(self) -> None:
        self.bar.show_position(*self.queue.position)

    # Writing

    def _save_edit(self, text: str) -> None:
        if self.item is None:
            return
        rowid = self.item.rowid
        self.notice.hide()
        self.table.setFocus()
        record = self.item.stored.record
        self.record_actions.save_edit(
            record.id, text, question=record.user, failed=lambda: self.side.keep_draft(rowid, text)
        )

    def save_edit_and(self, then: Callable[[], Any]) -> None:
        """Save the edit, and call `then` once it is stored; a failure is shown here instead."""
        errors: list[Exception] = []

        def note(error: Exception) -> None:
            errors.append(error)

        def end(_: None) -> None:
            self.record_actions.failed.disconnect(note)
            if errors:
                self.desk.open("records")
            else:
                then()

        self.record_actions.failed.connect(note)
        self.side.save()
        self.desk.background.run_in_order(lambda: None, end)

    def _show_changed(self, record_id: str) -> None:
        """Show the record that was edited, or whose change was undone."""
        if self.isVisible() and not self.side.response.is_editing:
            self.queue.show_if_listed(record_id)

    def _show_hidden(self, record_id: str) -> None:
        self.notice.show_message(
            "The changed record no longer matches the filters.",
            kind="info",
            action="Show it",
            run=lambda: self._go_to_record(record_id),
        )

    def _show_kept(self, count: int, change: str) -> None:
        if count:
            self.notice.offer_undo(f"Kept {counted(count, 'record')}.", change=change)
        else:
            self.notice.show_message("No listed record is correct and not reviewed yet.", kind="info")

    def _show_decided(self, verb: str, count: int, change: str) -> None:
        if count:
            self.notice.offer_undo(f"{verb} {counted(count, 'record')}.", change=change)
        else:
            self.notice.show_message(f"{verb} are all listed records already.", kind="info")

    def _restore_answer(self) -> None:
        if self.item is not None:
            self._save_edit(self.item.stored.record.response)

    def _go_to_record(self, record_id: str) -> None:
        self.go({"record": record_id})

    def _open_task(self) -> None:
        if self.item is not None:
            self.desk.open("tasks", task=self.item.stored.record.task_id)
