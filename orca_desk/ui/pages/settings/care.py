"""Saving what can be read of a damaged library into a new one, and giving unused space back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from orca_desk.library.backups.keeping_settings import store_folder
from orca_desk.library.backups.kept import KeptBackup, kept_backups
from orca_desk.library.care.compacting import Compacted, Space, compact, space_of
from orca_desk.library.care.integrity import check_whole, checks_of
from orca_desk.library.care.mending import STEPS, mend
from orca_desk.library.care.recovery import Recovered, recover
from orca_desk.library.database import Library
from orca_desk.library.schema import MIGRATIONS
from orca_desk.processes.progress import StoppedError, Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.outside import open_library_window
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.words.care import (
    checked_sentence,
    compacted_sentence,
    not_worth_it,
    recovered_lines,
    what_to_do,
)
from orca_desk.ui.words.kept_backups import local_time

PROBLEMS = 5  # that are shown


@dataclass(frozen=True)
class Checked:
    """What a check found; `newest` is the newest kept backup. `mended`: after mending."""

    problems: list[str]
    newest: KeptBackup | None
    mended: bool = False


class LibraryCare:
    """Checks, mends, recovers and compacts the library as jobs, which `follow` shows."""

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

    def check(self) -> Job:
        """Check the library as a job."""
        return self._check("Check the library", "check", [], check_whole)

    def mend(self) -> Job:
        """Rebuild indexes and counts as a job, and check again."""

        def work(library: Library, *, on_check: Callable[[str], None]) -> list[str]:
            return mend(library, on_step=on_check, on_check=on_check)

        return self._check("Mend the library", "mend", list(STEPS), work)

    def show_checked(self, checked: Checked, notice: Notice, *, restore: Callable[[], Any]) -> None:
        """Say what was checked, what was found, and what to do about it."""
        about = checked_sentence(len(MIGRATIONS), thorough=True)
        if not checked.problems:
            text = "Mended: no problems are left." if checked.mended else "No problems found."
            notice.show_message(text, about, kind="good")
            return
        problems = checked.problems
        rest = len(problems) - PROBLEMS
        found = "\n".join(problems[:PROBLEMS]) + (f"\nand {rest:,} more" if rest > 0 else "")
        backup = local_time(checked.newest.made_at) if checked.newest else ""
        can_mend = not checked.mended and self._desk.library.problem is None
        action, run = ("Mend", self.mend) if can_mend else ("Restore…", restore)
        if not can_mend and not backup:
            action, run = "Recover…", self.ask_to_recover
        notice.show_message(
            "Problems are left after mending." if checked.mended else "The library has problems.",
            f"{found}\n{what_to_do(problems, backup)}",
            kind="bad",
            action=action,
            run=run,
        )

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

    def _check(
        self,
        title: str,
        kind: str,
        before: list[str],
        work: Callable[..., list[str]],
    ) -> Job:
        library = self._desk.library
        names = [*before, *checks_of(len(MIGRATIONS), thorough=True)]

        def run(tools: Tools) -> Checked | None:
            done = -1

            def on_check(what: str) -> None:
                nonlocal done
                tools.control.require_running()
                done += 1
                tools.progress(
                    Update(stage="checking", done=done, total=len(names), unit="checks", message=what)
                )

            try:
                problems = work(library, on_check=on_check)
            except StoppedError:
                return None
            kept, _ = kept_backups(store_folder(library.folder))
            return Checked(problems, kept[0] if kept else None, mended=kind == "mend")

        job = self._desk.jobs.start(title, kind, run, heavy=False, changes=("tasks",) if before else ())
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
