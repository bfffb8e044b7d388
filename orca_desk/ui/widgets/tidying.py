"""Deleting, renaming and noting things from any page: the actions, their dialogs, and the way back."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import Any, Literal

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QMenu, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from orca_desk.errors import UserError
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.deleting.trash import OnStep, Restored
from orca_desk.library.notes import LONGEST_NAME, check_note, name_of, note_on, rename, set_note
from orca_desk.processes.progress import StoppedError
from orca_desk.steps.tidy.deletion import Deletion, delete, plan_deletion, restore
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.notice import Notice
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
}
MANY = 2_000  # things: deleting more takes seconds, and can be stopped
Chosen = Callable[[], Sequence[Any]]
Find = Callable[[Sequence[Any]], Sequence[str]]


class Tidying(QObject):
    """The actions on the chosen rows of one list: Delete, Rename and Note, with their keys.

    What comes of them is said in the notice of the page or dialog in which the list is.
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
        self.delete_action = self._action("Delete", self.delete, QKeySequence.StandardKey.Delete)
        self.rename_action = self._action("Rename…", self.rename, "F2")
        self.note_action = self._action("Note…", self.note, "")

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

    def note(self) -> None:
        """Show the note on the selected thing, to be changed."""
        if len(chosen := self._chosen()) == 1:
            library, kind = self.desk.library, self._noted_kind

            def read() -> tuple[str, str]:
                (item,) = self._find(chosen)
                return item, note_on(library, kind, item)

            self.desk.background.run(
                self._view, read, lambda found: self._show_note(*found), failed=self._notice.show_error
            )

    @property
    def _notice(self) -> Notice:
        """The notice of the page or dialog: that of a part of it is hidden where nothing is left to show."""
        found: Notice | None = None
        part: QWidget | None = self._view
        while part is not None and (found is None or not part.isWindow()):
            notice = getattr(part, "notice", None)
            found = notice if isinstance(notice, Notice) else found
            part = part.parentWidget()
        assert found is not None, "no page around the list has a notice"
        return found

    @property
    def _named_kind(self) -> Literal["run", "snapshot"]:
        return "snapshot" if self._kind is Kind.SNAPSHOT else "run"

    @property
    def _noted_kind(self) -> Literal["run", "snapshot", "record"]:
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

        def watch(verb: str) -> OnStep:
            def on_step(done: int, steps: int) -> None:
                if stop.is_set() and verb == "Deleting":
                    raise StoppedError
                if steps > 1:  # a signal, as this is another thread
                    self.desk.noticed.emit(f"{verb} {what}: {done / steps:.0%}", "")

            return on_step

        if len(plan.items) + len(plan.along) > MANY:
            notice.show_message(f"Deleting {what}…", action="Stop", run=stop.set)
        self.desk.say(f"Deleting {what}…")
        self.desk.do(
            title,
            lambda: delete(library, plan, on_step=watch("Deleting")),
            lambda entry: restored.append(restore(library, entry, on_step=watch("Restoring"))),
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
            partial(self._store, f"rename {self._noun}", item, partial(rename, library, kind, item)),
        ).open()

    def _show_note(self, item: str, text: str) -> None:
        library, kind = self.desk.library, self._noted_kind
        NoteDialog(
            self._view,
            f"Note on {self._noun} {item[:40]}",
            text,
            partial(self._store, f"note on {self._noun}", item, partial(set_note, library, kind, item)),
        ).open()

    def _store(
        self, change: str, item: str, write: Callable[[str], str], text: str, asking: "AskingDialog"
    ) -> None:
        """Write what was asked for; `write` returns what was there before. If it fails, the dialog stays."""
        page, target = PLACES[self._kind]
        notice = self._notice

        def fail(error: Exception) -> None:
            if isValid(asking) and asking.isVisible():
                asking.refuse(error)
            else:  # an undo or a redo
                notice.show_error(error)

        self.desk.do(
            f"{change} {item[:20]}",
            lambda: write(text),
            write,
            *PARTS[self._kind],
            then=lambda _: asking.close_saved(),
            failed=fail,
            shows=lambda _: (page, {target: item}),
        )

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
        layout = _column(self)
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


class AskingDialog(EditDialog):
    """Asks for a text, and stays open until that is stored: nothing typed is lost by a full disk."""

    def __init__(
        self, parent: QWidget, title: str, text: str, store: Callable[[str, "AskingDialog"], Any]
    ) -> None:
        """`title` stands above the text. `store` writes it and ends by `close_saved` or `refuse`."""
        super().__init__(parent)
        self._store, self._before = store, text
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._layout = _column(self)
        self._layout.addWidget(label(title, bold=True, wrap=True))
        self.problem = label(tone="bad", wrap=True)
        self.problem.hide()

    def value(self) -> str:
        """Return what was typed, as it is stored. Raises UserError if it cannot be."""
        raise NotImplementedError

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self.value() != self._before

    def accept(self) -> None:
        """Store the text if it is another one, and close."""
        try:
            text = self.value()
            self.check(text)
        except UserError as error:
            self.refuse(error)
            return
        if text == self._before:
            super().accept()
        else:
            self.setEnabled(False)
            self._store(text, self)

    def check(self, text: str) -> None:
        """Raise UserError for a text that cannot be stored."""

    def close_saved(self) -> None:
        """Close: the text is stored."""
        super().accept()

    def refuse(self, error: Exception) -> None:
        """Say why the text is not stored; it stays here to be changed, copied or stored again."""
        self.setEnabled(True)
        text = f"{error.message} {error.hint}" if isinstance(error, UserError) else str(error)
        self.problem.setText(text)
        self.problem.show()

    def _end(self, accept_text: str) -> None:
        self._layout.addWidget(self.problem)
        self._layout.addWidget(dialog_buttons(self, button(accept_text, self.accept, primary=True)))


class LineDialog(AskingDialog):
    """Asks for a name."""

    def __init__(
        self, parent: QWidget, title: str, text: str, store: Callable[[str, AskingDialog], Any]
    ) -> None:
        super().__init__(parent, title, text, store)
        self.setWindowTitle("Rename")
        self.setMinimumWidth(50 * GRID)
        self.line = QLineEdit(text)
        self.line.setMaxLength(LONGEST_NAME)
        self.line.setAccessibleName(title)
        self.line.selectAll()
        self._layout.addWidget(self.line)
        self._end("Rename")

    def value(self) -> str:
        """See AskingDialog."""
        return self.line.text().strip()


class NoteDialog(AskingDialog):
    """Shows a note, and stores what becomes of it; an empty one is removed."""

    def __init__(
        self, parent: QWidget, title: str, text: str, store: Callable[[str, AskingDialog], Any]
    ) -> None:
        super().__init__(parent, title, text, store)
        self.setWindowTitle("Note")
        self.setMinimumWidth(56 * GRID)
        self.text = QPlainTextEdit(text)
        self.text.setAccessibleName(title)
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText("What to remember of it. Only you see this note.")
        self._layout.addWidget(self.text, 1)
        self._end("Save")

    def value(self) -> str:
        """See AskingDialog."""
        return self.text.toPlainText().strip()

    def check(self, text: str) -> None:
        """See AskingDialog."""
        check_note(text)


def _column(dialog: QDialog) -> QVBoxLayout:
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
    layout.setSpacing(GRID)
    return layout
