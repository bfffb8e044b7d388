"""Takes the pictures of dialogs and tabs in docs/images from a library in which there is something to see.

    xvfb-run -s '-screen 0 1280x832x24' python -m benchmarks.pictures LIBRARY docs/images [NAME ...]

LIBRARY should be a copy of one in which the demo has run, the checkpoints of its training were evaluated, and
an experiment is done: a picture of a running tournament measures there. No window manager is needed: the
window keeps off the line that would be its title, and a dialog gets a thin frame. Chromium draws the report.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QPainter
from PySide6.QtWidgets import QApplication, QDialog, QScrollArea, QWidget

from orca_desk.inventory.bundled import require_real_student
from orca_desk.library.backups.keeping import keep
from orca_desk.library.chats import ChatMessage, create_columns
from orca_desk.library.database import Library
from orca_desk.library.runs import list_runs
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.evidence import Basis
from orca_desk.steps.chat.draft import Draft
from orca_desk.steps.experiment.report import html_report, report_facts
from orca_desk.steps.experiment.results import results
from orca_desk.steps.regrading import replace_tasks
from orca_desk.ui.app import desktop
from orca_desk.ui.handbook import Handbook
from orca_desk.ui.pages.evaluate.page import ANSWERS, RESULTS
from orca_desk.ui.register import NAMES
from orca_desk.ui.starting import application
from orca_desk.ui.theme import Theme, current_colours
from orca_desk.ui.window import Window
from orca_desk.ui.words.roles import COLOURS

WIDTH, HEIGHT = 1280, 800
TITLE = 32  # px above the window, which the app leaves free
SECONDS = 90.0
SETTLE = 400  # ms, until what was asked for is painted
QUESTION = "Lucy has 38 cups. Lucy finds 9 more. Then Lucy loses 7. How many cups does Lucy have now?"
ASKED = r"For which $x$ is $x^2 - 5x + 6 = 0$, and what is the area below $x^2$ between the two?"
SOLVED = r"""**Step 1.** The quadratic formula, with $a = 1$, $b = -5$ and $c = 6$:

$$x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a} = \frac{5 \pm \sqrt{25 - 24}}{2}$$

so $x_1 = 2$ and $x_2 = 3$.

**Step 2.** The area below $x^2$ from $2$ to $3$:

$$\int_2^3 x^2 \, dx = \left[ \frac{x^3}{3} \right]_2^3 = 9 - \frac{8}{3} = \frac{19}{3}$$

| from | to | area |
| --- | --- | --- |
| $x_1 = 2$ | $x_2 = 3$ | $\frac{19}{3} \approx 6.33$ |

Answer: $x = 2$ or $x = 3$, and the area is $\frac{19}{3}$.
"""
QUIZ = """Number,Question text,A,B,C,Right,Topic
1,Which of these is a prime number?,21,29,33,B,arithmetic
2,"What is the boiling point of water at sea level, in °C?",90,100,110,B,physics
3,Which planet is the largest?,Mars,Saturn,Jupiter,C,astronomy
4,Who wrote Faust?,Goethe,Schiller,Lessing,D,literature
5,How many edges has a cube?,8,10,12,C,geometry
"""
Shown = TypeVar("Shown", bound=QWidget)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The window in front of the camera, and where the pictures go."""

    window: Window
    folder: Path

    def page(self, name: str, tab: int | None = None) -> Any:
        """Show a page, and a tab of it."""
        page: Any = self.window.show_page(name)
        if tab is not None:
            page.tabs.setCurrentIndex(tab)
        pause(SETTLE)
        return page

    def shoot(self, name: str) -> None:
        """Take what the screen shows, with a frame around each dialog."""
        pause(SETTLE)
        picture = QGuiApplication.primaryScreen().grabWindow(0)
        painter = QPainter(picture)
        painter.setPen(current_colours()("muted"))
        for one in QApplication.topLevelWidgets():
            if isinstance(one, QDialog) and one.isVisible():
                painter.drawRect(one.geometry().adjusted(-1, -1, 0, 0))
        painter.end()
        picture.copy(0, TITLE, WIDTH, HEIGHT).save(str(self.folder / f"{name}.png"))

    def both(self, name: str) -> None:
        """Take what the screen shows, light and dark."""
        for choice in ("dark", "light"):
            self.window.desk.theme.choose(choice)  # type: ignore[arg-type]
            self.shoot(f"{name}-{choice}")

    @contextmanager
    def dialog(self, parent: QWidget, kind: type[Shown]) -> Iterator[Shown]:
        """Yield the dialog that has just opened, in the middle of the window; close it in the end."""
        found = until(lambda: next((one for one in parent.findChildren(kind) if one.isVisible()), None))
        place = self.window.geometry().center() - QPoint(found.width() // 2, found.height() // 2)
        found.move(place)
        pause(SETTLE)
        yield found
        if isinstance(found, QDialog):
            found.reject()  # closing one with edits would ask
        pause(SETTLE)


def pause(milliseconds: int) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


Found = TypeVar("Found")


def until(found: Callable[[], Found | None], seconds: float = SECONDS) -> Found:
    """Return what `found` returns as soon as it is something. Raises TimeoutError."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if value := found():
            return value
        pause(50)
    raise TimeoutError("The app never showed what was waited for.")


def scroll_to(area: QScrollArea, part: QWidget) -> None:
    """Put the top of a part at the top of what scrolls."""
    area.verticalScrollBar().setValue(part.mapTo(area.widget(), QPoint(0, 0)).y() - 8)


def rules(stage: Stage) -> None:
    """The rules for records, with what each removes."""
    from orca_desk.ui.pages.records.rules_dialog import RulesDialog

    page = stage.page("records")
    page.edit_rules()
    with stage.dialog(page, RulesDialog) as dialog:
        box, low, high = dialog.form.limits["tokens"]
        box.setChecked(True)
        low.setValue(8)
        high.setValue(60)
        dialog.form.no_repetition.setChecked(True)
        dialog.form.must_match.setText("(?m)^Answer: ")
        until(lambda: dialog.apply_button.isEnabled() and dialog.model.rowCount() > 1)
        dialog.effects.selectRow(0)
        stage.both("records-rules")


def duplicates(stage: Stage) -> None:
    """Tasks that ask the same, with what differs in one of them. The library needs near copies."""
    from orca_desk.ui.pages.tasks.duplicates_dialog import DuplicatesDialog

    page = stage.page("tasks")
    page.dialogs.find_duplicates()
    with stage.dialog(page, DuplicatesDialog) as dialog:
        dialog.search()
        until(lambda: dialog.view.clusters and dialog.find_button.isEnabled())
        dialog.view.near_too.setChecked(True)
        dialog.view.table.selectRow(2)
        dialog.view.members.selectRow(1)
        stage.both("duplicates")


def importing(stage: Stage) -> None:
    """The import of a file of which a column has to be chosen, and a row is refused; another file follows."""
    from orca_desk.ui.pages.tasks.import_dialog import ImportDialog

    page = stage.page("tasks")
    with tempfile.TemporaryDirectory() as folder:
        quiz, more = Path(folder, "quiz.csv"), Path(folder, "conversations.jsonl")
        quiz.write_text(QUIZ, encoding="utf-8")
        more.write_text('{"messages": [{"role": "user", "content": "Why?"}]}\n', encoding="utf-8")
        page.go({"do": "import", "files": [quiz, more]})
        with stage.dialog(page, ImportDialog) as dialog:
            until(lambda: dialog.import_button.isEnabled())
            dialog.fields.choose("answer", "Right")
            until(lambda: "1 refused" in dialog.summary.text() or None)
            stage.both("import")


def history(stage: Stage) -> None:
    """A task with its history, found by a field, and the filters that are saved under a name."""
    page = stage.page("tasks")
    library = stage.window.desk.library
    task = next(iter(iterate_tasks(library, TaskFilter(text="has:record split:train"))))
    replace_tasks(library, [replace(task, tags=("checked",))])
    page.filters.set(TaskFilter(text="tag:checked has:record"))
    page.filters.saved.save("Checked, with records")
    until(lambda: len(page.table.tasks.rowids) == 1 or None)
    page.listing.show_task(task.id)
    until(lambda: page.detail.history)
    pause(2 * SETTLE)
    bar = page.detail.text.verticalScrollBar()
    for choice in ("dark", "light"):
        stage.window.desk.theme.choose(choice)
        pause(2 * SETTLE)
        bar.setValue(bar.maximum())  # the text is written anew in other colours
        stage.shoot(f"task-history-{choice}")


def exporting(stage: Stage) -> None:
    """Tasks as another program gets them, with what is left out."""
    from orca_desk.ui.widgets.data_export_dialog import DataExportDialog

    page = stage.page("tasks")
    until(lambda: page.table.tasks.rowids or None)
    page.export()
    with stage.dialog(page, DataExportDialog) as dialog:
        dialog.place.setText("/home/ada/data/tasks.jsonl")
        formats = dialog.formats
        rows = range(formats.count())
        offered = [formats.item(row).data(Qt.ItemDataRole.UserRole) for row in rows]
        formats.setCurrentRow(offered.index("messages"))
        until(dialog.export_button.isEnabled)
        stage.both("export-data")


def freezing(stage: Stage) -> None:
    """What gets into a snapshot: the mix, and the overlap with held-out questions."""
    from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog

    page = stage.page("training")
    page.freeze()
    with stage.dialog(page, FreezeDialog) as dialog:
        until(lambda: dialog.preview)
        dialog.tabs.setCurrentWidget(dialog.mix)
        dialog.mix.limited.setChecked(True)
        dialog.mix.total.setValue(1200)
        dialog.mix.targets.setCurrentIndex(dialog.mix.targets.findData("square-root"))
        dialog.mix.limits_long.setChecked(True)
        dialog.mix.long_share.setValue(30)
        until(lambda: dialog.preview and dialog.preview.mix.long_over)
        stage.both("freeze-mix")
        dialog.tabs.setCurrentWidget(dialog.overlap)
        stage.both("freeze-overlap")


def judge(stage: Stage) -> None:
    """The judge's prompt beside what the judge reads."""
    from orca_desk.ui.pages.strategies.judge_dialog import JudgeDialog

    page = stage.page("strategies", 1)
    options = page.pairing.measure.options
    options.basis.setCurrentIndex(options.basis.findData(Basis.JUDGE))
    until(lambda: options.judge_path)
    options.edit_prompt()
    with stage.dialog(options, JudgeDialog) as dialog:
        until(lambda: "tokens" in dialog.count.text())
        stage.both("judge")


def tournament(stage: Stage) -> None:
    """Strategies while they are measured, and after."""
    page = stage.page("strategies", 1)
    measure = page.pairing.measure
    until(lambda: measure.picker.selected() is not None and page.pairing.model.rowCount())
    measure.options.basis.setCurrentIndex(measure.options.basis.findData(Basis.REFERENCE))
    measure.options.per_family.setValue(200)
    measure.options.samples.setValue(2)  # answers that the library lacks
    until(lambda: "answers" in measure.answers.text())
    measure.button.click()
    until(lambda: measure.standing.isVisible() and "out." in measure.standing.text())
    until(lambda: not measure.standing.text().split("; ")[1].startswith("0 "), seconds=600.0)
    stage.both("tournament-running")
    until(lambda: measure.job.is_over, seconds=600.0)
    stage.both("tournament-done")


def steps(stage: Stage) -> None:
    """An answer, split into steps, with the first incorrect one marked."""
    from orca_desk.ui.widgets.answer_dialog import AnswerDialog

    page = stage.page("evaluate", ANSWERS)
    answers = page.answers
    until(lambda: answers.model.rowCount() and answers.family.findData("swaps") > 0)
    answers.family.setCurrentIndex(answers.family.findData("swaps"))
    answers.search()
    pause(4 * SETTLE)
    until(lambda: answers.model.rowCount() and all(row.family == "swaps" for row in answers.model.rows))
    until(lambda: any(map(_has_fault, answers.columns.columns)) or _next(answers))
    pause(4 * SETTLE)
    answers._look([_has_fault(shown) for shown in answers.columns.columns].index(True))
    with stage.dialog(answers, AnswerDialog):
        stage.both("answer-steps")


def _has_fault(shown: Any) -> bool:
    """Return whether an answer goes wrong after a first step that is correct."""
    return shown.reading is not None and (shown.reading.first_incorrect or 0) > 1


def _next(answers: Any) -> None:
    answers.select_next(1)
    pause(SETTLE)


def budget(stage: Stage) -> None:
    """Accuracy against allowed tokens."""
    page = stage.page("evaluate", RESULTS)
    until(lambda: page.results.budget.isVisible())
    scroll_to(page.results.scroll_area, page.results.budget)
    stage.both("budget")


def checkpoints(stage: Stage) -> None:
    """How a student changed over its training."""
    page = stage.page("training")
    page.show_training("train-1")
    view = until(lambda: getattr(page, "run_view", None))
    until(lambda: view.checkpoints.curve and view.checkpoints.curve.checkpoints)
    area = view.findChild(QScrollArea)
    scroll_to(area, view.checkpoints)
    stage.both("checkpoints")


def training(stage: Stage) -> None:
    """A training that is done, with what computed it."""
    page = stage.page("training")
    page.show_training("train-1")
    until(lambda: getattr(page, "run_view", None))
    pause(4 * SETTLE)
    stage.both("training")


def grow(stage: Stage) -> None:
    """What generators made, with the sample of one of them. The library needs proposals."""
    page = stage.page("grow")
    form = page.forms["grow-procedural"]
    until(lambda: form.model.rows or None)
    until(lambda: page.proposals.model.rows or None)
    form.table.selectRow(next(row for row, one in enumerate(form.model.rows) if one.name == "chain_sum"))
    stage.both("grow")
    page.tabs.setCurrentIndex(1)
    page.forms["grow-documents"].add_places([Path("/home/ann/manual.pdf"), Path("/home/ann/notes")])
    stage.both("grow-documents")


def pages(stage: Stage) -> None:
    """Each page as it is first shown, but for those that have pictures of their own. Chat answers first."""
    page = stage.page("chat")
    until(lambda: len(page.models.heads) >= 2)
    until(lambda: page.composer.send.isEnabled())
    page.composer.set_draft(Draft(question=QUESTION))
    page.messages.send()
    until(lambda: page.view.last is not None and all(one.text for one in page.view.last.answers))
    until(lambda: page.composer.send.isVisible())
    for name in NAMES:
        if name not in ("grow", "training", "experiment"):
            stage.page(name)
            pause(5 * SETTLE)
            stage.both(name)


def formulas(stage: Stage) -> None:
    """Formulas as they are set in an answer, which is put there for the picture."""
    turns = (
        ChatMessage(role="user", content=ASKED),
        ChatMessage(role="assistant", content=SOLVED, finish_reason="stop", completion_tokens=214),
    )
    models = [(require_real_student(), None)]
    (chat,) = create_columns(
        stage.window.desk.library, title=ASKED, models=models, parts=["base"], system=CAUTIOUS, turns=turns
    )
    stage.window.desk.tell("chats")
    page = stage.page("chat")
    page.open_chat(chat.id)
    until(lambda: page.view.last is not None and page.view.last.answers[0].text == SOLVED)
    pause(8 * SETTLE)  # formulas are drawn after the text
    stage.both("chat-formulas")


def backups(stage: Stage) -> None:
    """The backups that are kept, and what takes room in the library."""
    keep(stage.window.desk.library, why="asked")
    page = stage.page("settings")
    page.kept.refresh()
    for name in ("Backups", "Storage"):
        page.go({"section": name})
        until(lambda: page.kept.model.rows or None)
        pause(5 * SETTLE)
        stage.both(name.lower())
    page.area.verticalScrollBar().setValue(0)


def handbook(stage: Stage) -> None:
    """A chapter of the handbook, in its own window over the app's."""
    stage.page("training")
    stage.window.show_handbook("training")
    with stage.dialog(stage.window, Handbook):
        stage.both("handbook")


def experiment(stage: Stage) -> None:
    """What an experiment has found, and its report."""
    page = stage.page("experiment", 1)
    until(lambda: page.results.found)
    stage.both("experiment")
    area = page.results.findChild(QScrollArea)
    scroll_to(area, page.results.lost)
    stage.both("experiment-lost")
    library = stage.window.desk.library
    found = results(library, next(run.id for run in list_runs(library, kind="experiment")))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.html")
        report.write_text(html_report(found, report_facts(library, found), COLOURS), encoding="utf-8")
        browser = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
        target = stage.folder / "experiment-report.png"
        size = f"--window-size={WIDTH},{HEIGHT}"
        options = ("--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={target}")
        subprocess.run([browser, *options, report.as_uri()], check=True, capture_output=True, timeout=120)


PICTURES: dict[str, Callable[[Stage], None]] = {
    one.__name__: one
    for one in (
        rules,
        duplicates,
        importing,
        history,
        exporting,
        freezing,
        judge,
        steps,
        budget,
        training,
        checkpoints,
        grow,
        pages,
        formulas,
        backups,
        handbook,
        experiment,
        tournament,
    )
}


def main(library: Path, folder: Path, names: list[str]) -> int:
    """Take the pictures with these names, or all."""
    app: QApplication = application()
    app.setApplicationName("Orca Desk")
    with Library.open(library) as opened, desktop(opened, Theme(app)) as window:
        QCursor.setPos(WIDTH - 1, 0)  # above the window: what is under the pointer looks otherwise
        window.setGeometry(0, TITLE, WIDTH, HEIGHT)
        window.show()
        pause(4 * SETTLE)
        for dialog in window.findChildren(QDialog):  # the tour
            dialog.close()
        window.notice.hide()
        stage = Stage(window=window, folder=folder)
        for name in names or PICTURES:
            PICTURES[name](stage)
            print(f"{name}: done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
