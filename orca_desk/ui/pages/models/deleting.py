"""Moving a model's files to the system's trash, after a list of what used it."""

from orca_desk.inventory.deletable import paths_of, why_kept
from orca_desk.inventory.usage import InventoryItem
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.model_trash import move_to_trash
from orca_desk.ui.page import Page
from orca_desk.ui.widgets.message_box import MessageBox, Roles
from orca_desk.ui.words.models import deletion_hint

MOVE = "Move to the trash"


def ask_to_delete(page: Page, item: InventoryItem) -> None:
    """Say what would go and what used it; move the files to the system's trash if the user agrees."""
    desk, model = page.desk, item.model
    if not isinstance(model, ModelFile):
        return
    if reason := why_kept(item, desk.library.folder):
        page.notice.show_message(f"{model.name} can't be deleted here.", reason)
        return
    box = MessageBox(
        page,
        f"Move {model.name} to the system's trash?",
        deletion_hint(item, paths_of(model), is_busy=bool(desk.jobs.unfinished)),
        image="trash-2",
        role="bad",
    )
    box.offer(MOVE, lambda: _delete(page, item), role=Roles.DestructiveRole)
    box.leave()
    box.open()


def _delete(page: Page, item: InventoryItem) -> None:
    library, name = page.desk.library, item.model.path.name

    def done(result: None) -> None:
        page.desk.tell("models")
        page.desk.say(f"{name} is in the system's trash. Restore it there to get it back.", "good")

    def failed(error: Exception) -> None:
        page.desk.tell("models")  # of several files, some may have gone
        page.notice.show_error(error)

    page.desk.background.run_in_order(lambda: move_to_trash(library, item), done, failed=failed)
