"""Saving what can be read of a damaged library into a new one, and giving unused space back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from orca_desk.library.compacting import Compacted, Space, compact, space_of
from orca_desk.library.recovery import Recovered, recover
from orca_desk.processes.progress import StoppedError, Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.outside import open_library_window
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.care import compacted_sentence, not_worth_it, recovered_lines


class LibraryCare:
    """Recovers and compacts the library as jobs, which `follow` shows."""

    def __init__(self, desk: Desk, page: QWidget, *, follow: Callable[[Job], Any]) -> None:
        self._desk, self._page, self._follow = desk, page, follow

    def ask_to_recover(self) -> None:
        """Ask for the folder of the new library, and recover what can be read into it."""
        here = self._desk.library.folder
        folder, _ = QFileDialog.getSaveFileName(
            self._page,
            "Name the folder of the recovered library",
            str(here.parent / f"{here.name}-recovered"),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if folder:
            self.recover_into(Path(folder))

    def recover_into(self, target: Path) -> Job:
        """Recover the library into `target` as a job. Nothing is written into the library meanwhile."""
        library = self._desk.library

        def work(tools: Tools) -> Recovered | None:
            done = 0

            def on_table(name: str) -> None:
                nonlocal done
                tools.control.require_running()
                tools.progress(Update(stage="reading tables", done=done, unit="tables", message=name))
                done += 1

            try:
                if library.problem is not None:
                    return recover(library.folder, target, on_table=on_table)
                return library.alone(lambda _: recover(library.folder, target, on_table=on_table))
            except StoppedError:
                return None

        job = self._desk.jobs.start("Recover the library", "recover", work, heavy=False)
        self._follow(job)
        return job

    def compact(self, *, now: bool = False) -> Job:
        """Give unused space back as a job, unless that would be little and `now` is not given."""
        library = self._desk.library

        def work(tools: Tools) -> Compacted | Space | None:
            space = space_of(library)
            if not (now or space.is_worth_it):
                return space
            tools.progress(Update(stage="compacting", done=0, unit=""))
            try:
                return compact(library, check=tools.control.require_running)
            except StoppedError:
                return None

        job = self._desk.jobs.start("Compact the library", "compact", work, heavy=False)
        self._follow(job)
        return job

    def show(self, made: Recovered | Compacted | Space, notice: Notice) -> None:
        """Say what came of it, and offer what can be done next."""
        if isinstance(made, Recovered):
            first, *rest = recovered_lines(made)
            notice.show_message(
                first,
                " ".join(rest),
                kind="warn" if made.damaged else "good",
                action="Open it",
                run=lambda: open_library_window(made.folder),
            )
        elif isinstance(made, Compacted):
            notice.show_message(compacted_sentence(made), kind="good")
        else:
            notice.show_message(
                not_worth_it(made), kind="info", action="Compact now", run=lambda: self.compact(now=True)
            )
