"""Notes on things from any page: a dialog with the note on what is chosen, and the way back."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from orca_desk.library.notes import NotedKind, note_on, set_note
from orca_desk.ui.desk import Desk
from orca_desk.ui.widgets.asking import NoteDialog, store_by
from orca_desk.ui.widgets.notice import notice_around


class Noting(QObject):
    """Shows and changes the note on the chosen thing of one list.

    What goes wrong is shown in the notice of the page or dialog in which the list is.
    """

    def __init__(
        self,
        desk: Desk,
        view: QWidget,
        kind: NotedKind,
        chosen: Callable[[], Sequence[Any]],
        *,
        noun: str,
        parts: tuple[str, ...],
        shows: Callable[[str], tuple[str, Mapping[str, Any]]],
        find: Callable[[Sequence[Any]], Sequence[str]] = lambda chosen: chosen,
        name: Callable[[str], str] = lambda item: item,
    ) -> None:
        """`chosen` returns what is selected in `view`, of which `find` makes ids in a thread.

        A change of the note is announced as one of `parts`. `shows` tells the page, and the target on it,
        where the thing is; `name` what the thing is called.
        """
        super().__init__(view)
        self._desk, self._view, self._kind = desk, view, kind
        self._chosen, self._find, self._name = chosen, find, name
        self._noun, self._parts, self._shows = noun, parts, shows

    def note(self) -> None:
        """Show the note on the selected thing, to be changed; nothing if none or several are selected."""
        if len(chosen := self._chosen()) != 1:
            return
        library, kind, find = self._desk.library, self._kind, self._find

        def read() -> tuple[str, str]:
            (item,) = find(chosen)
            return item, note_on(library, kind, item)

        self._desk.background.run(
            self._view,
            read,
            lambda found: self._show(*found),
            failed=notice_around(self._view).show_error,
        )

    def _show(self, item: str, text: str) -> None:
        name = self._name(item)
        NoteDialog(
            self._view,
            f"Note on {self._noun} {name[:40]}",
            text,
            store_by(
                self._desk,
                notice_around(self._view),
                f"note on {self._noun} {name[:20]}",
                partial(set_note, self._desk.library, self._kind, item),
                parts=self._parts,
                shows=self._shows(item),
            ),
        ).open()
