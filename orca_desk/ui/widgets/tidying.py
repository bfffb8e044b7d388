"""Deleting, renaming and noting things from any page: the actions, their questions, and the way back."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import Any, Literal

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QMenu, QToolButton, QWidget

from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.deleting.trash import Restored
from orca_desk.library.notes import NotedKind, name_of, rename
from orca_desk.processes.progress import StoppedError
from orca_desk.steps.tidy.deletion import Deletion, delete, plan_deletion, restore
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.asking import LineDialog, column_of, store_by
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice, notice_around
from orca_desk.ui.widgets.noting import Noting
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.tidying import (
    NOUNS,
    RENAMED,
    TRASH,
    TRASH_OF_SEVERAL,
    deleted_sentence,
    deletion_lines,
    deletion_title,
    refusal_sentence,
    restored_sentence,
    things,
)

# What a deletion changes, by what was deleted
PARTS: dict[Kind, tuple[str, ...]] = {
    Kind.TRAINING: ("trainings", "evaluations", "runs", "models"),
    Kind.SNAPSHOT: ("snapshots", "trainings", "evaluations", "runs", "models"),
    Kind.EVALUATION: ("evaluations", "runs"),
    Kind.EXPERIMENT: ("evaluations", "trainings", "snapshots", "runs", "models"),
    Kind.RECORD: ("records",),
    Kind.RUN: ("runs", "records"),
    Kind.CHECKPOINTS: ("trainings",),
    Kind.CHAT: ("chats",),
}
# Where each is shown: a page, and the name of the target on it
PLACES: dict[Kind, tuple[str, str]] = {
    Kind.TRAINING: ("training", "listed"),
    Kind.SNAPSHOT: ("training", "snapshot"),
    Kind.EVALUATION: ("evaluate", "evaluation"),
    Kind.EXPERIMENT: ("experiment", "experiment"),
    Kind.RECORD: ("records", "record"),
    Kind.RUN: ("jobs", "run"),
    Kind.CHECKPOINTS: ("training", "listed"),
    Kind.CHAT: ("chat", "chat"),
}
MANY = 2_000  # things: deleting more may take seconds, and can be stopped
Chosen = Callable[[], Sequence[Any]]
Find = Callable[[Sequence[Any]], Sequence[str]]


class Tidying(QObject):
    """The actions on the chosen rows of one list: Delete, Rename and Note, with their keys.

    Their results are shown in the notice of the page or dialog in which the list is.
    """

    def __init__(
        self, desk: Desk, view: QWidget, kind: Kind, chosen: Chosen, *, find: Find = lambda chosen: chosen
    ) -> None:
        """`chosen` returns the ids of the selected rows of `view`, where the keys work.

        Where it returns something else, `find` makes ids of that, in a thread.
        """
        super().__init__(view)
        self.desk, self._view = desk, view
        self._kind, self._chosen, self._find = kind, chosen, find
        noting = Noting(
            desk,
            view,
            self._noted_kind,
            chosen,
            noun=self._noun,
            parts=PARTS[kind],
            shows=self._place_of,
            find=find,
        )
        self.delete_action = self._action("Delete", self.delete, QKeySequence.StandardKey.Delete)
        self.rename_action = self._action("Rename…", self.rename, "F2")
        self.note_action = self._action("Note…", noting.note, "")

    @property
    def actions(self) -> list[QAction]:
        """The actions for a menu, as far as they fit what is selected."""
        count = len(self._chosen())
        named = [self.rename_action] if self._kind in RENAMED else []
        found = [*named, self.note_action, self.delete_action]
        for one in found:
            one.setEnabled(count == 1 or (one is self.delete_action and count > 0))
        return found

    def more_button(self) -> QToolButton:
        """Return a button that opens the actions: for what is chosen in a box, which has no rows."""
        made = QToolButton()
        made.setText("…")
        made.setAccessibleName(f"Rename, note or delete the {self._noun}")
        made.setToolTip(made.accessibleName())
        made.clicked.connect(lambda: self._open_menu(made.mapToGlobal(made.rect().bottomLeft())))
        return made

    def _open_menu(self, place: QPoint) -> None:
        menu = QMenu(self._view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions)
        menu.popup(place)

    def delete(self, kind: Kind | None = None) -> None:
        """Delete the selected things, or what is of another `kind` and goes by their ids.

        A list of what goes too comes first, if anything does.
        """
        chosen, library, kind = list(self._chosen()), self.desk.library, kind or self._kind
        if chosen:
            self.desk.background.run(
                self._view,
                lambda: plan_deletion(library, kind, self._find(chosen)),
                self._ask,
                failed=self._notice.show_error,
            )

    def rename(self) -> None:
        """Ask for another name of the selected thing."""
        if len(ids := self._chosen()) == 1 and self._kind in RENAMED:
            library, item, kind = self.desk.library, ids[0], self._named_kind
            self.desk.background.run(
                self._view,
                lambda: name_of(library, kind, item),
                lambda name: self._show_name(item, name),
                failed=self._notice.show_error,
            )

    @property
    def _notice(self) -> Notice:
        return notice_around(self._view)

    @property
    def _named_kind(self) -> Literal["run", "snapshot"]:
        return "snapshot" if self._kind is Kind.SNAPSHOT else "run"

    @property
    def _noted_kind(self) -> NotedKind:
        return "record" if self._kind is Kind.RECORD else self._named_kind

    def _action(self, text: str, run: Callable[[], Any], key: str | QKeySequence.StandardKey) -> QAction:
        made = QAction(text, self._view)
        made.setShortcut(QKeySequence(key))
        made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.triggered.connect(lambda checked=False: run())
        self._view.addAction(made)
        return made

    def _ask(self, plan: Deletion) -> None:
        if not plan.items:
            why = " ".join(refusal_sentence([one]) for one in plan.refused[:1])
            self._notice.show_message("Nothing was deleted.", why, kind="warn")
        elif plan.is_plain:
            self._delete(plan)
        else:
            DeletionDialog(self._view, plan, lambda: self._delete(plan)).open()

    def _delete(self, plan: Deletion) -> None:
        library, title = self.desk.library, deletion_title(plan)
        page, name = PLACES[plan.kind]
        restored: list[Restored] = []
        notice, what, stop = self._notice, things(plan.kind, plan.items), Event()

        def fail(error: Exception) -> None:
            self.desk.tell(*PARTS[plan.kind])  # its rows may be back, and only its files not
            if isinstance(error, StoppedError):
                self.desk.say("Nothing was deleted.")
                notice.show_message("Stopped. Nothing was deleted.")
            else:
                notice.show_error(error)

        say_share = self.desk.say_share(f"Deleting {what}")

        def on_step(done: int, steps: int) -> None:
            if stop.is_set():
                raise StoppedError
            say_share(done, steps)

        def bring_back(entry: int) -> None:
            restored.append(restore(library, entry, on_step=self.desk.say_share(f"Restoring {what}")))

        if plan.size > MANY:
            notice.show_message(f"Deleting {what}…", action="Stop", run=stop.set)
        self.desk.say(f"Deleting {what}…")
        self.desk.do(
            title,
            lambda: delete(library, plan, on_step=on_step),
            bring_back,
            *PARTS[plan.kind],
            then=lambda _: self._tell(deleted_sentence(plan), title),
            undone=lambda: self._tell_loss(restored.pop()),
            failed=fail,
            shows=lambda _: (page, {name: plan.items[0].id}),
        )

    def _tell(self, sentence: str, change: str) -> None:
        self.desk.say(sentence)  # it is at work no more
        self._notice.offer_undo(sentence, change=change)

    def _tell_loss(self, restored: Restored) -> None:
        """Say what did not come back by an undo, if anything."""
        if restored.missing:
            self._notice.show_message(restored_sentence(restored), kind="warn")

    def _show_name(self, item: str, name: str) -> None:
        library, kind = self.desk.library, self._named_kind
        LineDialog(
            self._view,
            f"Name of {self._noun} {item[:40]}",
            name,
            store_by(
                self.desk,
                self._notice,
                f"rename {self._noun} {item[:20]}",
                partial(rename, library, kind, item),
                parts=PARTS[self._kind],
                shows=self._place_of(item),
            ),
        ).open()

    def _place_of(self, item: str) -> tuple[str, dict[str, Any]]:
        page, target = PLACES[self._kind]
        return page, {target: item}

    @property
    def _noun(self) -> str:
        return NOUNS[self._kind][0]


class DeletionDialog(QDialog):
    """Says what would go along, lose something or stay, before anything is deleted."""

    def __init__(self, parent: QWidget, plan: Deletion, delete: Callable[[], Any]) -> None:
        super().__init__(parent)
        self._delete = delete
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        what = things(plan.kind, plan.items)
        self.setWindowTitle("Delete")
        self.setMinimumWidth(56 * GRID)
        layout = column_of(self)
        layout.addWidget(label(f"Delete {what}?", size="heading", bold=True, wrap=True))
        for heading, text in deletion_lines(plan):
            layout.addWidget(label(heading, size="caption", tone="muted", wrap=True))
            layout.addWidget(label(text, wrap=True, selectable=True))
        several = len(plan.items) + len(plan.along) > 1
        layout.addWidget(label(TRASH_OF_SEVERAL if several else TRASH, tone="muted", wrap=True))
        layout.addStretch(1)
        self.accept_button = button("&Delete", self.accept, primary=True)
        layout.addWidget(dialog_buttons(self, self.accept_button))

    def accept(self) -> None:
        """Delete."""
        super().accept()
        self._delete()
