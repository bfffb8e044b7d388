"""The Tasks page: find, read, edit, import and export the tasks."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from orca_desk.counting import counted
from orca_desk.formats.tasks import task_line
from orca_desk.library.notes import family_notes
from orca_desk.library.pairings import current_pairings
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import (
    TaskFilter,
    families,
    tags,
    task_ids,
    tasks_at,
)
from orca_desk.method.records import Task
from orca_desk.steps.collect.request import TaskSource
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.tasks.actions import TaskActions
from orca_desk.ui.pages.tasks.dialogs import TaskDialogs
from orca_desk.ui.pages.tasks.duplicates_search import GO, Sought
from orca_desk.ui.pages.tasks.filters import MAX_CHOICES, TaskChoices
from orca_desk.ui.pages.tasks.import_export import TaskFiles, sources_of
from orca_desk.ui.pages.tasks.listing import TaskListing
from orca_desk.ui.pages.tasks.selected_task import SelectedTask
from orca_desk.ui.pages.tasks.view import TaskView
from orca_desk.ui.widgets.drop_sign import DropSign
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.row_table import row_menu
from orca_desk.ui.widgets.text import button

MAX_COPIED = 10_000  # tasks on the clipboard; an export takes any number
SAVING_MS = 400  # a longer write shows "Saving…"
CHOICES_DELAY_MS = 1500  # between two reads of the families and tags while an import runs


class TasksPage(Page):
    """The tasks of the library in a table, and the selected one beside it."""

    name = "tasks"
    title = "Tasks"
    widest = WIDE_PANES
    about = "Questions that the student learns from, and questions that it is tested on."
    watches = frozenset({"tasks", "strategies", "pairings", "records"})
    offers = (
        Command("&Add a task…", lambda page: page.dialogs.add(), key="Ctrl+Shift+N", image="plus"),
        Command("&Edit…", lambda page: page.dialogs.edit(), key="F2", image="pencil", on_selection=True),
        Command(
            "D&uplicate…",
            lambda page: page.dialogs.duplicate(),
            key="Ctrl+D",
            image="copy-plus",
            on_selection=True,
        ),
        Command(
            "Edit all se&lected…",
            lambda page: page.dialogs.edit_all(),
            key="Shift+F2",
            image="sliders-horizontal",
            on_selection=True,
        ),
        Command("Tags…", lambda page: page.dialogs.tag(), key="T", image="tag", on_selection=True),
        Command("Mark or unmark", lambda page: page.mark(), key="M", image="flag", on_selection=True),
        Command("&Delete", lambda page: page.delete(), key="Del", image="trash-2", on_selection=True),
        Command(
            "Delete for good…",
            lambda page: page.dialogs.forget(),
            key="Shift+Del",
            image="eraser",
            on_selection=True,
        ),
        Command(
            "&Families and splits…",
            lambda page: page.dialogs.manage_families(),
            key="Ctrl+Shift+F",
            image="layers",
        ),
        Command("&Group tasks into families…", lambda page: page.dialogs.group(), image="layers"),
        Command("Find duplicates…", lambda page: page.dialogs.find_duplicates(), image="copy"),
        Command("Add the sample tas&ks", lambda page: page.edits.add_samples(), image="plus"),
        Command("Re&move the sample tasks", lambda page: page.remove_samples(), image="trash-2"),
        Command("&Import…", lambda page: page.go({"do": "import"}), image="file-input"),  # Ctrl+O: the window
        Command(
            "Import a model's ans&wers…",
            lambda page: page.go({"do": "import", "what": "records"}),
            image="file-input",
        ),
        Command("&Paste tasks", lambda page: page.paste(), key="Ctrl+V"),
        Command("&Copy tasks", lambda page: page.copy(), key="Ctrl+C", image="copy", on_selection=True),
        Command("E&xport…", lambda page: page.export(), key="Ctrl+Shift+E", image="file-output"),
        SEARCH,
        Command("Clear search and fil&ters", lambda page: page.clear(), key="Esc"),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.choices = TaskChoices()
        self._import_filter: TaskFilter | None = None  # that shows an import, and that no user chose
        desk.background.writing.connect(self._show_writing)
        self.edits = TaskActions(desk, failed=self.notice.show_error)
        self.panel = JobPanel(desk)
        self.panel.pause.hide()  # an import is short, and can be repeated if stopped
        self.files = TaskFiles(
            desk,
            self,
            notice=self.notice,
            panel=self.panel,
            families=lambda: self.choices.families,
            strategies=lambda: self.choices.strategies,
        )
        self.files.imported.connect(self._show_imported)
        self.files.show_asked.connect(self._show_added)
        self.dialogs = TaskDialogs(self)
        self._take_commands()
        self._lay_out()
        self._choices_timer = QTimer(self)
        self._choices_timer.setSingleShot(True)
        self._choices_timer.timeout.connect(self._read_choices)
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVING_MS)
        self._saving.timeout.connect(self._show_saving)
        self._sign = DropSign(desk.theme, self, "Drop files or text to import tasks")
        self.setAcceptDrops(True)
        self._selection_updated()

    # What is shown

    def refresh(self, changes: frozenset[str]) -> None:
        """See Page."""
        if changes & {"tasks", "strategies", "pairings"} and not self._choices_timer.isActive():
            self._choices_timer.start(0 if not self.choices.strategies else CHOICES_DELAY_MS)
        if "tasks" in changes or ("records" in changes and self.filters.value().reviewed is not None):
            self.listing.refresh()
        else:
            self.selected.read()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show {"task": id} or {"family": name}, or the duplicates by {"do": "duplicates"}.

        Start an import with {"do": "import", "files": paths}, of answers with {"what": "records"}, or go on
        with one: {"resume": run}.
        """
        if target.get("do") == "import":
            paths = [Path(path) for path in target.get("files", ())]
            as_answers = target.get("what") == "records"
            if paths:
                sources = [TaskSource.of_file(path) for path in paths]
                self.files.import_from(sources, as_answers=as_answers)
            else:
                self.files.choose_files(as_answers=as_answers)
        elif target.get("do") == GO:
            self.dialogs.find_duplicates(Sought.from_json(target) if "near" in target else None)
        elif "resume" in target:
            self.files.resume(str(target["resume"]))
        elif "task" in target:
            self.listing.show_task(str(target["task"]))
        elif "family" in target:
            self.filters.set(TaskFilter(family=str(target["family"])))

    def first_focus(self) -> QWidget:
        """See Page: the table, so that its keys work immediately."""
        return self.table

    def _show_imported(self, families: tuple[str, ...]) -> None:
        """Show what was imported, unless the user looks at something that the user chose by filters."""
        if self.filters.is_set and self.filters.value() != self._import_filter:
            return
        if len(families) == 1:
            self._show_family(families[0])
        else:
            self.filters.clear()

    def _show_added(self, families: tuple[str, ...], runs: tuple[str, ...]) -> None:
        """Show what the runs of an import added: its only family, or just these tasks."""
        if len(families) == 1:
            self._show_family(families[0])
        else:
            self.filters.set(TaskFilter(text=f"run:{','.join(runs)}"))

    def _show_family(self, family: str) -> None:
        """Show the only family of an import."""
        self._import_filter = TaskFilter(family=family)
        self.filters.set(self._import_filter)

    def _read_choices(self) -> None:
        library = self.desk.library

        def read() -> tuple[TaskChoices, dict[str, str]]:
            of_families = {one.family: one.tasks for one in families(library)[:MAX_CHOICES]}
            of_tags = dict(list(tags(library).items())[:MAX_CHOICES])
            choices = TaskChoices(
                families=tuple(of_families),
                tags=tuple(of_tags),
                family_tasks=of_families,
                tag_tasks=of_tags,
                family_notes=family_notes(library),
                strategies=tuple(current_strategies(library)),
            )
            return choices, {name: one.strategy for name, one in current_pairings(library).items()}

        self.desk.background.run(self, read, lambda found: self._take_choices(*found), only_newest="choices")

    def _take_choices(self, choices: TaskChoices, pairings: dict[str, str]) -> None:
        self.choices = choices
        self.filters.offer(choices)
        self.detail.pairings = self.table.tasks.pairings = pairings
        self.table.viewport().update()
        self.selected.read()

    def _show_listed(self) -> None:
        for made in self._beside_title:  # the empty state has its own import button
            made.setVisible(self.listing.total > 0)
        self._selection_updated()

    def _show_gone(self) -> None:
        self.notice.show_message("This task is no longer in the library.", kind="warn")

    def _selection_updated(self) -> None:
        count = self.table.selected_count()
        for action in (self._edit, self._duplicate):
            action.setEnabled(count == 1)
        for action in (self._delete, self._tags, self._mark, self._forget):
            action.setEnabled(count > 0)
        self._copy.setEnabled(count > 0)
        self._edit_all.setEnabled(count > 1)
        # What is listed is exported, which is not all of it yet while more are being found
        self._export.setEnabled(bool(self.table.tasks.rowids) and (self.listing.is_all or count > 1))
        self.listing.show_counts()
        self.selected.read()

    def _show_writing(self, busy: bool) -> None:
        if busy:
            self._saving.start()
        else:
            self._saving.stop()
            self.listing.show_counts()

    def _show_saving(self) -> None:
        self.view.count_label.setText("Saving…")

    # What the user does

    def delete(self) -> None:
        """Delete the selected tasks."""
        rowids = self.table.selected_rowids()
        if rowids:
            self.edits.delete(rowids)

    def mark(self) -> None:
        """Mark the selected tasks, or take their marks away."""
        rowids = self.table.selected_rowids()
        if rowids:
            self.edits.mark(rowids)

    def remove_samples(self) -> None:
        """Delete the tasks that the library came with."""
        self.edits.remove_samples()

    def copy(self) -> None:
        """Copy the selected tasks to the clipboard as JSONL, or the selected text of the detail pane."""
        if self.detail.text.hasFocus() and self.detail.text.textCursor().hasSelection():
            self.detail.text.copy()
            return
        library, rowids = self.desk.library, self.table.selected_rowids()[:MAX_COPIED]
        selected = self.table.selected_count()

        def put(found: list[Task | None]) -> None:
            lines = [task_line(task) for task in found if task is not None]
            QGuiApplication.clipboard().setText("".join(lines))
            of_all = f"{len(lines):,} of " if selected > MAX_COPIED else ""
            many = selected if of_all else len(lines)
            self.desk.say(f"Copied {of_all}{counted(many, 'task')} to the clipboard.")

        self.desk.background.run(self, lambda: tasks_at(library, rowids), put)

    def paste(self) -> None:
        """Import tasks from the clipboard."""
        sources = sources_of(QGuiApplication.clipboard().mimeData())
        if sources:
            self.files.import_from(sources)
        else:
            self.desk.say("The clipboard contains no text and no files.", "warn")

    def export(self) -> None:
        """Export the selected tasks, or all listed tasks unless several are selected."""
        if self.table.selected_count() < 2:
            self.files.choose_export(self.table.tasks.rowids[:], self.filters.value())
            return
        library, rowids = self.desk.library, self.table.selected_rowids()
        self.desk.background.run(
            self,
            lambda: TaskFilter(ids=tuple(task_ids(library, rowids))),
            lambda wanted: self.files.choose_export(rowids, wanted, selected=True),
            only_newest="export",
        )

    # Files dropped anywhere on the page

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files and text."""
        if sources_of(event.mimeData()):
            event.acceptProposedAction()
            self._sign.appear()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the drop sign."""
        self._sign.hide()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Import the dropped files or text."""
        self._sign.hide()
        sources = sources_of(event.mimeData())
        event.acceptProposedAction()
        # The program that the drag came from waits until this returns
        QTimer.singleShot(0, self, lambda: self.files.import_from(sources))

    # How it is laid out

    def _take_commands(self) -> None:
        self._add = self.action("Add a task…")
        self._edit = self.action("Edit…")
        self._duplicate = self.action("Duplicate…")
        self._edit_all = self.action("Edit all selected…")
        self._delete = self.action("Delete")
        self._tags = self.action("Tags…")
        self._mark = self.action("Mark or unmark")
        self._forget = self.action("Delete for good…")
        self._families = self.action("Families and splits…")
        self._copy = self.action("Copy tasks")
        self._export = self.action("Export…")

    def search_field(self) -> QLineEdit:
        """See Page."""
        return self.filters.search

    def clear(self) -> None:
        """Show all tasks again."""
        self.filters.clear()
        self.table.setFocus()

    def _lay_out(self) -> None:
        import_tasks = partial(self.go, {"do": "import"})
        self._beside_title = [
            button("Families…", self.dialogs.manage_families),
            button("Export…", self._export.trigger),
            button("Import…", import_tasks, primary=True),
        ]
        for position, made in enumerate(self._beside_title, start=1):
            self.header.insertWidget(position, made)
        self.header.insertWidget(3, button("Add a task…", self.dialogs.add))
        self.body.addWidget(self.panel)
        self.view = TaskView(
            self.desk,
            one=[self._edit, self._duplicate, self._delete],
            many=[self._edit_all, self._export, self._delete],
            import_tasks=import_tasks,
        )
        self.body.addWidget(self.view, 1)
        self.filters, self.table, self.detail = self.view.filters, self.view.table, self.view.detail
        self.listing, self.selected = TaskListing(self.desk, self.view), SelectedTask(self.desk, self.view)
        self.listing.changed.connect(self._show_listed)
        self.listing.gone.connect(self._show_gone)
        self.filters.changed.connect(self.listing.show_first)
        self.filters.search.returnPressed.connect(self._enter_table)
        self.table.order_changed.connect(self.listing.sort)
        self.table.selection_updated.connect(self._selection_updated)
        self.table.activated.connect(lambda _: self.dialogs.edit())
        row_menu(
            self.table,
            [
                self._edit,
                self._duplicate,
                self._edit_all,
                self._tags,
                self._mark,
                self._copy,
                self._export,
                self._delete,
                self._forget,
            ],
        )
        self.detail.record_requested.connect(self._show_record)
        self.keep("splitter", self.view.splitter)
        self.keep("columns", self.table)

    def _enter_table(self) -> None:
        self.table.setFocus()
        if self.table.tasks.rowids and self.table.current_rowid() is None:
            self.table.selectRow(0)

    def _show_record(self, record: str) -> None:
        self.desk.open("records", record=record)
