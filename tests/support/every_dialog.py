"""Opens every dialog of the app on the filled library, each on the page from which a user opens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QDialog

from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.backups.backup import TrainedFile, back_up
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.snapshots import list_snapshots
from orca_desk.library.trainings import list_trainings
from orca_desk.method.records import Task
from orca_desk.models.identify import identify
from orca_desk.steps.chat.serving import ServeSettings
from orca_desk.steps.collect.request import TaskSource
from orca_desk.steps.tidy.deletion import plan_deletion
from orca_desk.ui.commands import menu_actions, plain
from orca_desk.ui.crash import CrashReport
from orca_desk.ui.handbook import Handbook
from orca_desk.ui.library_dialogs import BundleDialog, NewLibraryDialog, RenameDialog
from orca_desk.ui.pages.chat.model_dialog import ModelDialog
from orca_desk.ui.pages.chat.task_panel import SaveTaskDialog
from orca_desk.ui.pages.grow.edit_dialog import ProposalEditor
from orca_desk.ui.pages.hub.connection_dialog import ConnectionDialog
from orca_desk.ui.pages.models.serve_dialog import ServeDialog
from orca_desk.ui.pages.models.template_dialog import TemplateDialog
from orca_desk.ui.pages.records.regenerate_dialog import RegenerateDialog
from orca_desk.ui.pages.records.rules_dialog import RulesDialog
from orca_desk.ui.pages.settings.backups import BackupDialog
from orca_desk.ui.pages.settings.restore_dialog import RestoreDialog
from orca_desk.ui.pages.strategies.judge_dialog import JudgeDialog
from orca_desk.ui.pages.tasks.answers_dialog import AnswersDialog
from orca_desk.ui.pages.tasks.bulk_edit_dialog import BulkEditDialog
from orca_desk.ui.pages.tasks.duplicates_dialog import DuplicatesDialog
from orca_desk.ui.pages.tasks.edit_dialog import TaskEditor
from orca_desk.ui.pages.tasks.families_dialog import FamiliesDialog
from orca_desk.ui.pages.tasks.forget_dialog import ForgetDialog
from orca_desk.ui.pages.tasks.group_dialog import GroupDialog
from orca_desk.ui.pages.tasks.import_dialog import ImportDialog
from orca_desk.ui.pages.tasks.tags_dialog import TagsDialog
from orca_desk.ui.pages.training.compare_dialog import CompareSnapshotsDialog
from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog
from orca_desk.ui.pages.training.measure_dialog import MeasureDialog
from orca_desk.ui.self_test import SelfTest
from orca_desk.ui.widgets.answer_dialog import AnswerDialog
from orca_desk.ui.widgets.asking import LineDialog, NoteDialog
from orca_desk.ui.widgets.data_export_dialog import DataExportDialog
from orca_desk.ui.widgets.export_dialog import ExportDialog
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.tidying import DeletionDialog
from orca_desk.ui.window import Window

ROW = (
    '{"question": "What is 2 + 2, and why?", "answer": "4", "family": "sums",'
    ' "messages": [{"role": "user", "content": "What is 2 + 2, and why?"},'
    ' {"role": "assistant", "content": "4"}]}\n'
)
Open = Callable[[Any, Path], object]  # gets the page, and an empty folder


def _file(folder: Path) -> list[TaskSource]:
    path = folder / "questions with a long name of the file.jsonl"
    path.write_text(ROW * 3, encoding="utf-8")
    return [TaskSource.of_file(path)]


def _select_all(open_it: Open) -> Open:
    def select(page: Any, folder: Path) -> None:
        page.table.selectAll()
        open_it(page, folder)

    return select


def _restoring(page: Any, folder: Path) -> None:
    made = back_up(page.desk.library, folder / "backup.db")
    page.backups.show_before(made.path, f"The backup {made.path.name}")


def _deleting(page: Any, folder: Path) -> None:
    library = page.desk.library
    plan = plan_deletion(library, Kind.TRAINING, [one.id for one in list_trainings(library)])
    DeletionDialog(page, plan, lambda: None).open()


def _comparing(page: Any, folder: Path) -> None:
    snapshots = list_snapshots(page.desk.library)
    CompareSnapshotsDialog(page.desk, snapshots, snapshots[0].id, page).open()


def _backing_up(page: Any, folder: Path) -> None:
    BackupDialog(page, [TrainedFile(path=folder / "adapter.gguf", part="adapters", size=12_345_678)]).open()


def _saving(page: Any, folder: Path) -> None:
    task = Task(family="owls", query="What do owls eat?", answer="mice")
    SaveTaskDialog(page.desk, task, [("base", "Mice.")], page).open()


def _asking(page: Any, folder: Path) -> None:
    """Ask with as much text, and as many buttons, as any question has."""
    places = "\n".join(str(folder / f"a model with a long name, part {part}.gguf") for part in range(12))
    box = MessageBox(page, f"The library in {folder} cannot be opened: it is damaged.", places)
    for text in ("Restore a backup…", "Recover what can be read…", "Select another folder…"):
        box.offer(text)
    box.leave("Close")
    box.open()


def _editing_a_proposal(page: Any, folder: Path) -> None:
    page.proposals.table.selectRow(0)
    page.proposals.edit()


def _template(page: Any, folder: Path) -> None:
    TemplateDialog(page.desk, page.window(), identify(mini_teacher()), lambda template: None).open()


def _crash(page: Any, folder: Path) -> None:
    CrashReport(ValueError("a bug"), str(folder / "log.txt"), page.window()).open()


def _choose(page: Any, text: str) -> None:
    actions = (action for action, _ in menu_actions(page.window().menuBar()))
    next(one for one in actions if plain(one.text()) == text).trigger()


DIALOGS: dict[type[QDialog], tuple[str, Open]] = {
    TaskEditor: ("tasks", lambda page, folder: page.dialogs.add()),
    BulkEditDialog: ("tasks", _select_all(lambda page, folder: page.dialogs.edit_all())),
    TagsDialog: ("tasks", _select_all(lambda page, folder: page.dialogs.tag())),
    ForgetDialog: ("tasks", _select_all(lambda page, folder: page.dialogs.forget())),
    FamiliesDialog: ("tasks", lambda page, folder: page.dialogs.manage_families()),
    GroupDialog: ("tasks", lambda page, folder: page.dialogs.group()),
    DuplicatesDialog: ("tasks", lambda page, folder: page.dialogs.find_duplicates()),
    ImportDialog: ("tasks", lambda page, folder: page.files.import_from(_file(folder))),
    AnswersDialog: ("tasks", lambda page, folder: page.files.import_from(_file(folder), as_answers=True)),
    DataExportDialog: ("tasks", lambda page, folder: page.export()),
    RulesDialog: ("records", lambda page, folder: page.edit_rules()),
    RegenerateDialog: ("records", lambda page, folder: page.regenerating.ask()),
    AnswerDialog: ("records", lambda page, folder: page.side.look()),
    FreezeDialog: ("training", lambda page, folder: page.freeze()),
    MeasureDialog: ("training", lambda page, folder: MeasureDialog(page.desk, "Think.", page).open()),
    CompareSnapshotsDialog: ("training", _comparing),
    ExportDialog: (
        "training",
        lambda page, folder: page.export([one.id for one in list_trainings(page.desk.library)]),
    ),
    DeletionDialog: ("training", _deleting),
    LineDialog: (
        "training",
        lambda page, folder: LineDialog(page, "Name of the training", "one", lambda name: None).open(),
    ),
    NoteDialog: (
        "training",
        lambda page, folder: NoteDialog(page, "Note on the training", "why", lambda note: None).open(),
    ),
    JudgeDialog: (
        "strategies",
        lambda page, folder: JudgeDialog(page.desk, mini_teacher(), "", page).open(),
    ),
    ModelDialog: ("chat", lambda page, folder: ModelDialog(page.desk, (), None, page).open()),
    SaveTaskDialog: ("chat", _saving),
    ServeDialog: ("models", lambda page, folder: ServeDialog(page.desk, None, ServeSettings(), page).open()),
    TemplateDialog: ("models", _template),
    ConnectionDialog: ("hub", lambda page, folder: page.ask_for_connection()),
    ProposalEditor: ("grow", _editing_a_proposal),
    BackupDialog: ("settings", _backing_up),
    RestoreDialog: ("settings", _restoring),
    CrashReport: ("home", _crash),
    MessageBox: ("home", _asking),
    Handbook: ("home", lambda page, folder: page.window().show_handbook()),
    NewLibraryDialog: ("home", lambda page, folder: _choose(page, "New library…")),
    RenameDialog: ("home", lambda page, folder: _choose(page, "Rename library…")),
    BundleDialog: ("home", lambda page, folder: _choose(page, "Save as bundle…")),
    SelfTest: ("home", lambda page, folder: page.window().show_self_test()),
}


def open_dialog(window: Window, kind: type[QDialog], folder: Path) -> None:
    """Open a dialog on its page, which shows what the library has."""
    name, open_it = DIALOGS[kind]
    open_it(window.pages[name], folder)


def shown_dialog(window: Window, kind: type[QDialog]) -> QDialog | None:
    """Return the dialog of a kind that is open."""
    return next((one for one in window.findChildren(kind) if one.isVisible()), None)


def dialogs_of_the_app() -> set[type[QDialog]]:
    """Return every kind of dialog that the imported modules have, without what only others build upon."""
    found: set[type[QDialog]] = set()
    waiting: list[type[QDialog]] = [QDialog]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        found |= {
            kind for kind in kinds if kind.__module__.startswith("orca_desk") and not kind.__subclasses__()
        }
        waiting += kinds
    return found
