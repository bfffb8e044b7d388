"""The box to select the teacher: one choice for the library, the same on every page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from orca_desk.steps.defaults import choose_teacher, chosen_teacher
from orca_desk.ui.desk import Desk
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.notice import Notice


class TeacherPicker(ModelPicker):
    """Selects the library's teacher. What is selected in one such box is selected in all of them."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, "gguf", prefer="mini-teacher")
        self.desk = desk
        self._show_teacher(chosen_teacher(desk.library))
        self.activated.connect(lambda: self._store())
        desk.changed.connect(self._follow)

    def adopt(self, path: Path) -> None:
        """Select a model as the user's choice, here and in the other boxes."""
        self.choose(path)
        self._store()

    def explain_missing(self, notice: Notice, open_models: Callable[[], Any]) -> None:
        """Say in a notice why there is no teacher to work with."""
        text, hint = "There is no teacher on this machine.", "Add a GGUF model on the Models page."
        if self.path is not None:
            text = f"The teacher was not found: {self.path}"
            hint = "Select another model, or add the file's folder on the Models page."
        notice.show_message(text, hint, kind="warn", action="Open Models", run=open_models)

    def _store(self) -> None:
        path, library = self.path, self.desk.library
        if path is not None:
            self.desk.write(lambda: choose_teacher(library, path), "settings")

    def _follow(self, parts: frozenset[str]) -> None:
        if "settings" in parts:
            library = self.desk.library
            self.desk.background.run(
                self, lambda: chosen_teacher(library), self._show_teacher, only_newest="teacher"
            )

    def _show_teacher(self, path: Path | None) -> None:
        if path is not None and path != self.path:
            self.choose(path)
