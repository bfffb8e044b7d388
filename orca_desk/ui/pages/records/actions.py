"""What a reviewer does to records. All of it can be undone."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from orca_desk.counting import counted
from orca_desk.library.fitness import by_rowids
from orca_desk.library.record_edits import decide
from orca_desk.library.records import RecordFilter
from orca_desk.library.review import decided_otherwise, restore_decisions, undecided_correct
from orca_desk.method.fitness import Decision
from orca_desk.steps.erase.revise import edit_answer, undo_edit
from orca_desk.steps.votes import vote
from orca_desk.ui.desk import Desk
from orca_desk.ui.words.shorten import shorten

VERBS: dict[Decision | None, str] = {"keep": "keep", "drop": "drop", None: "undecide"}


def _quoted(question: str) -> str:
    return f"“{shorten(question, 40)}”"


class RecordActions(QObject):
    """Changes records through the undo stack.

    `failed` carries the error of a change. `taken_back` carries the id of the record whose change was undone,
    `edited` that of the record whose edit was saved.
    """

    failed = Signal(object)
    taken_back = Signal(str)
    edited = Signal(str)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self.desk = desk

    def decide(
        self,
        ids: list[str],
        decision: Decision | None,
        *,
        question: str = "",
        then: Callable[[str], object] = lambda change: None,
    ) -> None:
        """Keep or drop records, or remove the decision; `then` gets the name of the change in the menu.

        `question` names a single record there.
        """
        library = self.desk.library
        what = f"the answer to {_quoted(question)}" if question else counted(len(ids), "record")
        change = f"{VERBS[decision]} {what}"
        self.desk.do(
            change,
            lambda: decide(library, ids, decision),
            lambda before: restore_decisions(library, before),
            "records",
            then=lambda _: then(change),
            undone=lambda: self.taken_back.emit(ids[0]) if len(ids) == 1 else None,
            failed=self.failed.emit,
        )

    def keep_correct(self, wanted: RecordFilter, *, done: Callable[[int, str], None]) -> None:
        """Keep the matching records that are correct and not reviewed.

        `done` gets their number, and the name of the change in the menu.
        """
        library = self.desk.library

        def keep(ids: list[str]) -> None:
            if ids:
                self.decide(ids, "keep", then=lambda change: done(len(ids), change))
            else:
                done(0, "")

        self.desk.background.run(
            self,
            lambda: undecided_correct(library, by_rowids(library, wanted, vote=vote)),
            keep,
            failed=self.failed.emit,
        )

    def decide_listed(
        self, wanted: RecordFilter, decision: Decision, *, done: Callable[[int, str], None]
    ) -> None:
        """Keep or drop the matching records that have another decision, or none.

        `done` gets their number, and the name of the change in the menu.
        """
        library = self.desk.library

        def change(ids: list[str]) -> None:
            if ids:
                self.decide(ids, decision, then=lambda text: done(len(ids), text))
            else:
                done(0, "")

        self.desk.background.run(
            self,
            lambda: decided_otherwise(library, by_rowids(library, wanted, vote=vote), decision),
            change,
            failed=self.failed.emit,
        )

    def save_edit(self, record_id: str, text: str, *, question: str, failed: Callable[[], None]) -> None:
        """Save the user's own answer. If that fails, the signal `failed` is emitted, then `failed` called."""
        library = self.desk.library

        def fail(error: Exception) -> None:
            self.failed.emit(error)
            failed()

        self.desk.do(
            f"edit the answer to {_quoted(question)}",
            lambda: edit_answer(library, record_id, text),
            lambda before: undo_edit(library, before),
            "records",
            then=lambda _: self.edited.emit(record_id),
            undone=lambda: self.taken_back.emit(record_id),
            failed=fail,
        )
