"""The Training page: freezing, checks before the start, a real training with its curves, the history."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QCheckBox, QGraphicsView, QLabel
from pytestqt.qtbot import QtBot
from tiny_models import TinyModel

from orca_desk.errors import FinalError, UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.inventory.catalogue import add_path
from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.record_edits import decide
from orca_desk.library.records import iterate_records
from orca_desk.library.runs import end_run, failure_outcome, get_run, store_progress
from orca_desk.library.settings import get_setting
from orca_desk.library.snapshots import Snapshot, freeze, list_snapshots, snapshot_records
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import (
    Training,
    add_events,
    create_training,
    get_training,
    list_trainings,
    set_adapter,
)
from orca_desk.method.fitness import Unfit
from orca_desk.method.grading import Verdict
from orca_desk.method.records import Provenance, Sampling, Task, TeacherRecord, digest
from orca_desk.method.snapshot_rules import Balance, Learnable, SnapshotRules
from orca_desk.models.fits import TRAINING_SHARE, training_fit
from orca_desk.models.identify import identify
from orca_desk.parity import gate
from orca_desk.paths import bundled_models
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.train.presets import CUSTOM, DEFAULTS, DEMO
from orca_desk.student.convert import write_gguf
from orca_desk.student.packing import schedule_steps
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.app import desktop
from orca_desk.ui.jobs import Tools
from orca_desk.ui.pages.training.page import TrainingPage
from orca_desk.ui.pages.training.setup_tab import TrainingSetup
from orca_desk.ui.pages.training.view import HISTORY, NO_RECORDS, NO_SNAPSHOT, READY, RUN, SET_UP, UNREAD
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.curves import BUCKETS, MARKED, Curves
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.series import FIRST, StepValues
from orca_desk.ui.widgets.sparkline import POINTS
from orca_desk.ui.window import Window
from orca_desk.ui.words.runs import page_of
from orca_desk.ui.words.snapshots import describe_rules
from orca_desk.ui.words.training_checks import concern_text

STUDENT = bundled_models() / "mini-student"
STRATEGIES = {"belief": "recall-then-generate", "sums": "step-by-step", "colours": "direct"}
QUICK = TrainSettings(
    rank=4, learning_rate=5e-3, epochs=3, batch_tokens=256, max_length=256, eval_every=4,
    checkpoint_every=2, threads=1, dtype="float32",
)  # fmt: skip
SECONDS = 120_000  # ms; a real training on a busy machine


@pytest.fixture
def records(library: Library) -> list[Task]:
    """Forty tasks of each of three families, every tenth held out, with a record for each of the others."""
    tasks = [
        Task(
            family=family,
            query=f"What is in box {number} of the {family}?",
            answer=f"ball {number}",
            split="heldout" if number % 10 == 9 else "train",
        )
        for family in STRATEGIES
        for number in range(40)
    ]
    add_tasks(library, tasks)
    add_records(library, [_record(library, n, task) for n, task in enumerate(tasks) if task.split == "train"])
    return tasks


@pytest.fixture
def snapshot(library: Library, records: list[Task]) -> Snapshot:
    """A snapshot of the correct answers."""
    return freeze(library, name="first-try", rules=SnapshotRules(only_paired=False))


def _record(library: Library, number: int, task: Task) -> NewRecord:
    """Return a correct record, or, for every twelfth, an incorrect one."""
    strategy = get_strategy(library, STRATEGIES[task.family])
    correct = number % 12 != 0
    record = TeacherRecord(
        id=digest(["training page", task.id]),
        task_id=task.id,
        family=task.family,
        strategy=strategy.name,
        strategy_version=strategy.version,
        sample=0,
        system=strategy.instruction,
        user=task.user_text,
        response=f"The question asks for it.\nAnswer: {task.answer if correct else 'nothing'}",
        provenance=Provenance(
            model_sha256="0" * 64,
            quantisation="F32",
            template_sha256="0" * 64,
            sampling=Sampling(max_tokens=24),
            engine="by hand",
            batch=1,
            prompt_tokens=20,
            completion_tokens=20,
            finish_reason="stop",
            created_at="2026-01-01T00:00:00.000+00:00",
        ),
    )
    return NewRecord(record=record, verdict=Verdict(correct=correct, kind="exact", answer=None, reason=""))


def shown(window: Window, qtbot: QtBot, state: int = READY) -> TrainingPage:
    """Show the page, and wait until it has read the library and, with a snapshot, imported what plots."""
    page = window.show_page("training")
    assert isinstance(page, TrainingPage)
    qtbot.waitUntil(lambda: page.view.currentIndex() == state, timeout=SECONDS)
    if state == READY:
        qtbot.waitUntil(lambda: page.set_up.base.selected() is not None, timeout=SECONDS)
        qtbot.waitUntil(lambda: page.set_up.facts is not None, timeout=SECONDS)
    return page


def problems(set_up: TrainingSetup) -> list[str]:
    """Return the problems that the checks show."""
    return [concern_text(concern)[0] for concern in set_up.checks.concerns]


def stored_training(
    library: Library, snapshot: str, settings: TrainSettings, *, steps: int = 12, status: str = "cancelled"
) -> Training:
    """Store a training as if it had run."""
    made = create_training(library, base=STUDENT, snapshot=snapshot, settings=settings.to_dict())
    add_events(library, made.id, [metrics(step, steps) for step in range(1, steps + 1)])
    add_events(library, made.id, [{"event": "eval", "step": step, "loss": 2 / (step + 1)} for step in (0, 6)])
    end_run(library, made.id, status, "A sentence.")  # type: ignore[arg-type]
    return get_training(library, made.id)


def metrics(step: int, steps: int) -> dict:
    """Return the trainer's event of a step."""
    return {
        "event": "metrics", "step": step, "steps": steps, "epoch": 1, "loss": 3 / step, "lr": 1e-3,
        "tokens_per_second": 1000.0 + step, "tokens": 100 * step,
    }  # fmt: skip


def test_a_library_without_records_points_to_the_teacher(window: Window, qtbot: QtBot) -> None:
    unread = window.show_page("training")
    assert isinstance(unread, TrainingPage) and unread.view.currentIndex() == UNREAD
    page = shown(window, qtbot, NO_RECORDS)
    with qtbot.waitSignal(window.desk.page_requested) as wanted:
        qtbot.mouseClick(page.view.currentWidget().button, Qt.MouseButton.LeftButton)
    assert wanted.args[0] == "teacher"


def test_freezing_counts_before_it_freezes(
    window: Window, qtbot: QtBot, library: Library, records: list[Task]
) -> None:
    page = shown(window, qtbot, NO_SNAPSHOT)
    qtbot.mouseClick(page.view.currentWidget().button, Qt.MouseButton.LeftButton)
    dialog = page.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.sources.families.count() == 3)
    correct = dialog.preview.records
    assert dialog.preview.left_out == {Unfit.INCORRECT: 108 - correct}
    assert f"{correct} records" in dialog.counts.taken.text() and dialog.freeze_button.isEnabled()

    dialog.form.only_correct.click()
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.preview.records == 108)
    dialog.sources.families.item(0).setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.preview.records == 72)
    dialog.mix.capped.click()
    dialog.mix.cap.setValue(10)
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.preview.records == 20)

    dialog.kind.setCurrentIndex(2)
    assert not dialog.freeze_button.isEnabled()  # the custom message is blank
    dialog.text.setPlainText("Answer kindly.")
    dialog.name.setText("kind")
    qtbot.mouseClick(dialog.freeze_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.dialog is None and page.view.currentIndex() == READY)
    (made,) = list_snapshots(library)
    assert (made.name, made.instruction, made.records) == ("kind", "Answer kindly.", 20)
    assert made.rules == SnapshotRules(only_correct=False, cap=10, families=("colours", "sums"))
    chosen = page.set_up.chosen_snapshot()
    assert chosen is not None and chosen.id == made.id


def test_a_snapshot_takes_only_what_was_kept_if_that_is_wanted(
    window: Window, qtbot: QtBot, library: Library, records: list[Task]
) -> None:
    found = list(iterate_records(library))
    wrong = next(one.record.id for one in found if one.verdict and not one.verdict.correct)
    right = [one.record.id for one in found if one.verdict and one.verdict.correct]
    decide(library, [wrong, *right[:2]], "keep")
    decide(library, [right[2]], "drop")
    page = shown(window, qtbot, NO_SNAPSHOT)
    qtbot.mouseClick(page.view.currentWidget().button, Qt.MouseButton.LeftButton)
    dialog = page.dialog
    assert dialog is not None and not dialog.form.only_kept.isChecked()
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.sources.families.count() == 3)
    dialog.form.only_kept.click()
    qtbot.waitUntil(lambda: dialog.preview is not None and dialog.preview.records == 3)
    assert dialog.preview.left_out == {Unfit.DROPPED: 1, Unfit.NOT_KEPT: 104}
    assert dialog.counts.taken.text() == "3 records selected"
    assert "not kept in review: 104" in dialog.counts.left_out.accessibleName()
    dialog.name.setText("kept")
    qtbot.mouseClick(dialog.freeze_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.dialog is None and page.view.currentIndex() == READY)
    (made,) = list_snapshots(library)
    assert made.rules == SnapshotRules(only_kept=True)
    taken = {record.teacher_record_id for record in snapshot_records(library, made.id)}
    assert taken == {wrong, *right[:2]}

    page.freeze()  # the same once more, under another name
    again = page.dialog
    assert again is not None
    again.form.only_kept.click()
    again.name.setText("again")
    qtbot.waitUntil(lambda: again.preview is not None and again.preview.records == 3)
    with qtbot.waitSignal(window.desk.noticed) as said:
        again.accept()
    assert said.args[0] == "The same records are already frozen as kept; no snapshot again was made."

    assert window.desk.undo.undoText() == "freeze kept"  # nothing new was frozen since
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: list_snapshots(library) == [])
    window.desk.undo.redo()
    qtbot.waitUntil(lambda: [one.id for one in list_snapshots(library)] == [made.id])


def test_a_click_makes_a_training_fit_in_memory(
    window: Window, qtbot: QtBot, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown(window, qtbot)
    set_up = page.set_up
    memory = set_up.checks.memory
    qtbot.waitUntil(lambda: bool(memory.sentence.text()))
    assert not memory.remedy.isVisibleTo(page)
    needed = training_fit(identify(mini_student()), set_up.form.value(), free=2**40).needed
    monkeypatch.setattr("orca_desk.models.fits.free_memory", lambda: int(needed / TRAINING_SHARE) - 2**20)
    set_up.form.control("gradient_checkpointing").setCurrentText("off")
    qtbot.waitUntil(lambda: memory.remedy.isVisibleTo(page))
    assert memory.remedy.text() == "Turn gradient checkpointing on"
    qtbot.mouseClick(memory.remedy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not memory.remedy.isVisibleTo(page))
    assert set_up.form.value().gradient_checkpointing == "on" and "takes about" in memory.sentence.text()


def test_problems_of_a_training_are_shown_before_it_starts(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    page = shown(window, qtbot)
    set_up = page.set_up
    qtbot.waitUntil(lambda: bool(problems(set_up)))
    assert f"The snapshot has only {snapshot.records} records." in problems(set_up)
    assert "Training mini-student in batches of 2,048 tokens takes" in set_up.checks.memory.sentence.text()
    qtbot.waitUntil(lambda: "has not been trained here yet" in set_up.checks.time.text())
    assert set_up.checks.time.text().startswith(f"{steps_of(set_up)} steps in ")
    assert set_up.content.bars.accessibleName().startswith("colours: 33 of ")
    assert (
        snapshot.id in set_up.content.identity.text()
        and set_up.content.left_out.text() == "Incorrect answer: 10"
    )
    page.action("Export a snapshot's records…").trigger()
    dialog = set_up.content.exports.dialog
    assert dialog is not None and dialog.isVisible()
    dialog.reject()

    field = set_up.form.control("epochs")
    before, place = field.value(), QPointF(field.rect().center())
    wheel = QWheelEvent(
        place, field.mapToGlobal(place), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(field, wheel)
    assert field.value() == before  # the wheel scrolls the form

    set_up.form.control("max_length").setValue(20)
    qtbot.waitUntil(lambda: set_up.checks.is_refused)
    assert not set_up.start_button.isEnabled()
    assert problems(set_up)[0] == "Longer than 20 tokens: 98 of 98 records. Training would not start."

    set_up.form.control("max_length").setValue(256)
    assert not set_up.form.control("warmup").isVisible()
    set_up.all.click()
    assert set_up.form.control("warmup").isVisible()
    set_up.form.control("warmup").setText("much")
    qtbot.waitUntil(lambda: set_up.notice.isVisible())
    assert "'much' is not a number" in set_up.notice.text.text() and not set_up.start_button.isEnabled()
    set_up.form.control("warmup").setText("0.1")
    qtbot.waitUntil(lambda: set_up.start_button.isEnabled() and not set_up.notice.isVisible())

    set_up.form.control("targets").setText("q_proj,foo_proj")
    qtbot.waitUntil(lambda: "The model has no layer named foo_proj." in problems(set_up))
    set_up.form.control("engine").setCurrentText("mlx")  # much slower than torch on a CPU
    qtbot.waitUntil(lambda: "How long they take with MLX is known after" in set_up.checks.time.text())
    assert not set_up.start_button.isEnabled()


def steps_of(set_up: TrainingSetup) -> int:
    """Return how many steps the trainer would take."""
    assert set_up.facts is not None and set_up.facts.lengths is not None
    settings = set_up.form.value()
    return sum(1 for _ in schedule_steps(set_up.facts.lengths.trained(settings, 1024), settings))


def test_an_invalid_setting_is_marked_and_brought_into_view(
    window: Window, qtbot: QtBot, snapshot: Snapshot
) -> None:
    page = shown(window, qtbot)
    set_up = page.set_up
    qtbot.waitUntil(set_up.start_button.isEnabled)
    decay = set_up.form.control("weight_decay")
    assert not decay.isVisible()
    decay.setText("hot")
    start = next(action for action in page.commands if action.shortcut().toString() == "Ctrl+Return")
    start.trigger()
    qtbot.waitUntil(lambda: decay.visibleRegion().boundingRect().height() > 8)
    assert decay.property("invalid")
    beside = [words.text() for words in set_up.form.findChildren(QLabel) if words.isVisible()]
    assert "Weight decay: 'hot' is not a number." in beside
    assert not list_trainings(window.desk.library)


def test_the_preset_follows_the_base(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot, tmp_path: Path
) -> None:
    """The demo's learning rate is made for the mini student; elsewhere it is 25 times too high."""
    other = Path(shutil.copytree(STUDENT, tmp_path / "other-student"))
    set_up = shown(window, qtbot).set_up
    assert set_up.form.value().learning_rate == 5e-3
    qtbot.waitUntil(lambda: bool(problems(set_up)))
    assert not any("learning rate" in problem for problem in problems(set_up))
    set_up.base.choose(other)
    qtbot.waitUntil(lambda: set_up.form.value() == TrainSettings())
    assert set_up.preset.name == DEFAULTS

    set_up.form.control("learning_rate").setText("0.005")  # chosen by hand: it stays, and is said
    qtbot.waitUntil(lambda: any("25 times the usual" in problem for problem in problems(set_up)))
    set_up.base.choose(STUDENT)
    qtbot.waitUntil(lambda: not any("times the usual" in problem for problem in problems(set_up)))
    assert set_up.form.value() == TrainSettings(learning_rate=0.005)


def test_a_gguf_file_is_a_student_and_what_speaks_against_one_is_said(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    rounded, unknown = tmp_path / "rounded.gguf", tmp_path / "unknown.gguf"
    packed = tmp_path / "packed"
    shutil.copytree(tiny_llama.folder, packed, ignore=shutil.ignore_patterns("*.gguf"))
    config = json.loads((packed / "config.json").read_text()) | {
        "quantization_config": {"quant_method": "awq"}
    }
    (packed / "config.json").write_text(json.dumps(config))
    write_gguf(tiny_llama.folder, rounded, dtype="q8_0")
    unknown.write_bytes(tiny_llama.gguf.read_bytes().replace(b"llama", b"mamba"))
    add_path(library, tmp_path)
    set_up = shown(window, qtbot).set_up
    box = set_up.base
    qtbot.waitUntil(lambda: box.findText("unknown", Qt.MatchFlag.MatchStartsWith) >= 0, timeout=SECONDS)
    for name, reason in {
        "unknown": "mamba can't be trained",
        "packed": "quantised weights (awq) can't be trained",
    }.items():
        row = box.findText(f"{name}  ·  {reason}")
        assert row >= 0 and not box.model().index(row, 0).flags() & Qt.ItemFlag.ItemIsEnabled

    box.choose(rounded)
    qtbot.waitUntil(
        lambda: any("rounded to 8 bits (Q8_0)" in text for text in problems(set_up)), timeout=SECONDS
    )
    qtbot.waitUntil(lambda: "additional time" in set_up.checks.time.text(), timeout=SECONDS)
    assert "s to 0 s" not in set_up.checks.time.text()
    assert "Training rounded" in set_up.checks.memory.sentence.text()
    assert set_up.start_button.isEnabled()
    request = set_up.request()
    assert request is not None and request.base == rounded
    assert not (library.folder / "cache").exists()  # nothing was unpacked for that

    box.choose(unknown)
    qtbot.waitUntil(lambda: not set_up.start_button.isEnabled(), timeout=SECONDS)
    reasons = [concern_text(concern)[1] for concern in set_up.checks.concerns]
    assert any("cannot train models of the mamba" in reason for reason in reasons)


def test_the_form_is_saved_between_starts(
    library: Library, theme: Theme, qtbot: QtBot, snapshot: Snapshot
) -> None:
    other = freeze(
        library, name="incorrect ones too", rules=SnapshotRules(only_paired=False, only_correct=False)
    )
    with desktop(library, theme) as first:
        first.show()
        page = shown(first, qtbot)
        assert page.set_up.preset.name == DEMO  # the demo's settings suit the mini student
        page.go({"snapshot": snapshot.id})
        page.set_up.form.control("epochs").setValue(7)
        page.set_up.all.click()
        qtbot.waitUntil(
            lambda: (
                get_setting(library, "desktop.training", {}).get("settings", {}).get("epochs") == 7
                and get_setting(library, "desktop.training")["all"] is True
            )
        )
    with desktop(library, theme) as second:
        second.show()
        set_up = shown(second, qtbot).set_up
        chosen = set_up.chosen_snapshot()
        assert chosen is not None and chosen.id == snapshot.id != other.id
        assert set_up.form.value().epochs == 7 and set_up.form.control("warmup").isVisible()
        assert set_up.preset.name == CUSTOM


@pytest.mark.slow
def test_a_training_is_started_stopped_and_resumed(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PROMPTS", 3)  # tests of the gate itself compare more
    page = shown(window, qtbot)
    page.set_up.form.set_value(replace(QUICK, epochs=1))
    qtbot.waitUntil(page.set_up.start_button.isEnabled)
    start = next(action for action in page.commands if action.shortcut().toString() == "Ctrl+Return")
    start.trigger()
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.is_live, timeout=SECONDS)
    view = page.run_view
    assert view is not None and page.tabs.currentIndex() == RUN and view.panel.isVisible()
    start.trigger()
    qtbot.waitUntil(lambda: "is running now" in page.set_up.unfinished_note.text())
    page.set_up.show_running.click()
    assert page.tabs.currentIndex() == RUN

    qtbot.waitUntil(lambda: len(view.run.loss) >= 3, timeout=SECONDS)
    qtbot.mouseClick(view.panel.pause, Qt.MouseButton.LeftButton)
    assert view.panel.pause.text() == "Resume"
    qtbot.mouseClick(view.panel.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.resume.isVisible(), timeout=SECONDS)
    (stopped,) = list_trainings(library)
    assert stopped.run.status == "cancelled" and view.status.text() == "Stopped, resumable"
    assert view.use.isVisible() and not view.evaluate.isVisible()
    reached = len(view.run.loss)

    qtbot.mouseClick(view.resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.evaluate.isVisible(), timeout=SECONDS)
    (done,) = list_trainings(library)
    assert (done.id, done.run.status) == (stopped.id, "done")
    assert len(view.run.loss) == int(view.run.loss.steps[-1]) > reached
    assert view.best.text().startswith(f"Best checkpoint: step {done.best_step}")
    assert "llama.cpp serves what was trained" in view.gate.sentence.text()
    assert view.gate.model.rowCount() == 1 and view.gate.isVisible() and not view.outcome.isVisible()
    assert view.figures.values["step"].text() == f"{len(view.run.loss)} of {len(view.run.loss)}"
    with qtbot.waitSignal(window.desk.page_requested) as wanted:
        qtbot.mouseClick(view.chat, Qt.MouseButton.LeftButton)
    assert wanted.args == ["chat", {"training": done.id}]

    page = shown(window, qtbot)
    qtbot.waitUntil(lambda: "at the speed of train-1" in page.set_up.checks.time.text(), timeout=SECONDS)


def test_a_training_that_was_worse_than_none_is_amber_and_a_stopped_one_stays_resumable(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    training = stored_training(library, snapshot.id, QUICK)
    report = {
        "event": "report", "records": 98, "training": 90, "evaluation": 5, "dropped": 3, "empty": 0,
        "truncated": 2, "limit": 256, "resumed_step": 12,
    }  # fmt: skip
    add_events(library, training.id, [report])
    store_progress(library, training.id, done=12, total=360, unit="steps")
    set_adapter(
        library, training.id, adapter=training.folder, gguf=None, sha256="a", best_step=6, best_eval=2.5
    )
    page = shown(window, qtbot)
    page.show_training(training.id)
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.details is not None)
    view = page.run_view
    assert view is not None
    assert view.best.text() == (
        "Stopped at step 12 of 360. Best checkpoint: step 6, validation loss 2.5000. The untrained model was "
        "better: 2.0000 before the training. There were too few records, or the learning rate was too high."
    )
    assert view.best.property("tone") == "warn"
    assert view.records.text() == (
        "Trained on 90 of 98 records; 5 held out for the validation loss; "
        "3 left out: longer than 256 tokens; 2 cut to 256 tokens, without an end."
    )
    assert view.resume.isVisible() and view.evaluate.isVisible() and not view.changed.isVisible()

    page.tabs.setCurrentIndex(HISTORY)
    qtbot.waitUntil(lambda: page.history is not None and page.history.model.rowCount() == 1)
    assert page.history is not None
    model = page.history.model
    cells = {
        model.headerData(column, Qt.Orientation.Horizontal): model.index(0, column)
        for column in range(model.columnCount())
    }
    assert cells["Best validation loss"].data() == "2.5000 (worse)"
    assert cells["Best validation loss"].data(Qt.ItemDataRole.DecorationRole) is not None
    assert cells["Records"].data() == "90 of 98, 3 left out, 2 cut"
    assert cells["Status"].data() == "Stopped, resumable"


def test_using_a_stopped_training_waits_and_comes_back(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    training, over = stored_training(library, snapshot.id, QUICK), Event()

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        over.wait(60)

    jobs = window.desk.jobs
    busy, page = jobs.start("Busy", "other", work), shown(window, qtbot)
    target = {"use": training.id}
    page.go(target)
    (job,) = jobs.waiting
    assert (job.title, job.again) == (f"Use {training.id} as is", ("training", target))
    page.go(target)
    assert jobs.waiting == [job] and "already running or queued" in page.notice.text.text()
    jobs.stop_all()
    qtbot.waitUntil(lambda: busy.is_over)


def test_all_exports_that_waited_come_back(
    window: Window, qtbot: QtBot, snapshot: Snapshot, tmp_path: Path
) -> None:
    over = Event()

    def work(tools: Tools) -> None:
        tools.control.listen(over.set)
        over.wait(60)

    jobs = window.desk.jobs
    busy, page = jobs.start("Busy", "other", work), shown(window, qtbot)
    wanted = [
        ExportRequest(training="train-1", formats=(Format.Q8_0,), out=tmp_path / name, name=name)
        for name in ("first", "second")
    ]
    for request in wanted:
        page.go({"export": request.to_json()})
    assert [job.title for job in jobs.waiting] == ["Export first", "Export second"]
    assert [job.again for job in jobs.waiting] == [("training", {"export": one.to_json()}) for one in wanted]
    jobs.stop_all()
    qtbot.waitUntil(lambda: busy.is_over)


def test_any_number_of_trainings_is_compared(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    first = stored_training(library, snapshot.id, QUICK, status="done")
    stored_training(library, snapshot.id, TrainSettings(rank=6))
    second = stored_training(library, snapshot.id, TrainSettings(rank=8))
    page = shown(window, qtbot)
    page.tabs.setCurrentIndex(HISTORY)
    qtbot.waitUntil(lambda: page.history is not None and page.history.model.rowCount() == 3)
    history = page.history
    assert history is not None
    QAbstractItemModelTester(history.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    texts = [history.model.index(0, column).data() for column in range(history.model.columnCount())]
    assert texts[:5] == [second.id, "Stopped, resumable", "mini-student", "first-try", "Rank 8"]
    assert history.model.index(0, 5).data(POINTS)[0] == 3.0
    assert [row.training.id for row in history.chosen()] == [second.id] and history.resume.isEnabled()

    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (1, 2):
        history.table.selectionModel().select(history.model.index(row, 0), flags)
    assert history.comparison.isVisible() and not history.open.isEnabled()
    curves, table = history.comparison.curves, history.comparison.table.view
    qtbot.waitUntil(lambda: table.columnCount() == 5)
    rows = [[table.item(row, column).text() for column in range(5)] for row in range(table.rowCount())]
    assert ["≠", "Rank", "8", "6", "4"] in rows and ["", "Schedule", *["cosine"] * 3] in rows
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    qtbot.waitUntil(lambda: [len(run.loss) for run in curves.runs] == [12, 12, 12])
    toggles = [box for box in curves.findChildren(QCheckBox) if "validation" in box.text()]
    toggles[0].click()
    assert [run.is_shown for run in curves.runs] == [False, True, True]
    curves.axis.setCurrentIndex(1)
    curves.axis.activated.emit(1)
    assert {run.axis for run in curves.runs} == {"tokens"}
    headers, values = curves.table()
    assert headers[0] == "training" and len(values) == 26  # of both, with step 0, which was only validated
    history.comparison.table.copy()
    assert QGuiApplication.clipboard().text().startswith("Setting or result\t")

    history.table.selectRow(2)
    history.open_chosen()
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.details is not None)
    view = page.run_view
    assert view is not None and view.training == first.id and page.tabs.currentIndex() == RUN
    assert len(view.run.loss) == 12 and view.figures.values["step"].text() == "12 of 12"


def test_a_snapshot_chosen_by_hand_stays_although_another_one_was_asked_for(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    rules = SnapshotRules(only_paired=False, only_correct=False)
    freeze(library, name="incorrect ones too", rules=rules)
    set_up = shown(window, qtbot).set_up
    qtbot.waitUntil(lambda: set_up.snapshot.count() == 2, timeout=SECONDS)
    set_up.choose_snapshot("not listed yet")
    set_up.snapshot.setFocus()
    qtbot.keyClick(set_up.snapshot, Qt.Key.Key_Down if set_up.snapshot.currentIndex() == 0 else Qt.Key.Key_Up)
    chosen = set_up.chosen_snapshot()
    freeze(library, name="a third one", rules=SnapshotRules(only_paired=False, cap=1))
    window.desk.tell("snapshots")
    qtbot.waitUntil(lambda: set_up.snapshot.count() == 3, timeout=SECONDS)
    assert set_up.chosen_snapshot() == chosen is not None


def test_other_pages_lead_here(window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot) -> None:
    made = stored_training(library, snapshot.id, QUICK)
    page = shown(window, qtbot)
    window.desk.open("training", training=made.id)
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.details is not None)
    assert page.tabs.currentIndex() == RUN and page.run_view is not None
    assert page.run_view.training == made.id and page.run_view.resume.isVisible()
    newer = stored_training(library, snapshot.id, TrainSettings(rank=8), status="done")
    window.desk.tell("trainings")
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.training == newer.id)
    window.desk.open("training", snapshot=snapshot.id)
    assert page.tabs.currentIndex() == SET_UP
    window.desk.open("training", resume="train-99")
    assert "no run train-99" in page.notice.text.text()


def test_a_queued_training_waits_for_its_turn_and_reports_its_failure(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot, tmp_path: Path
) -> None:
    missing = create_training(
        library, base=tmp_path / "missing", snapshot=snapshot.id, settings=QUICK.to_dict()
    )
    end_run(library, missing.id, "cancelled", "")
    page = shown(window, qtbot)
    over = Event()
    window.desk.jobs.start("Busy", "other", lambda tools: over.wait(60))
    window.desk.open("training", resume=missing.id)
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.panel.isVisible())
    view = page.run_view
    assert view is not None and view.panel.count.text() == "Waiting for another job"
    over.set()
    qtbot.waitUntil(lambda: view.status.text() == "Failed, resumable" and view.resume.isVisible())
    assert "does not exist" in view.outcome.text()
    assert view.notice.isHidden()  # once is enough
    assert (get_run(library, "train-1").request or {})["snapshot"] == snapshot.id


def test_a_training_that_must_fail_again_is_not_offered_to_be_resumed(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    made = stored_training(library, snapshot.id, QUICK)
    page = shown(window, qtbot)
    page.show_training(made.id)
    view = page.run_view
    assert view is not None
    error = FinalError("Training diverged.", "Lower the learning rate.")

    def fail(tools: Tools) -> None:
        tools.tell({"event": "began", "training": made.id})
        end_run(library, made.id, "failed", failure_outcome(error))
        raise error

    view.follow(window.desk.jobs.start("Train", "train", fail, changes={"trainings"}))
    qtbot.waitUntil(lambda: view.status.text() == "Failed")
    assert view.outcome.text() == "Training diverged. Lower the learning rate."
    assert view.notice.isHidden() and view.resume.isHidden()
    assert page_of(get_run(library, made.id)) is None


def test_the_failure_of_a_training_is_shown_though_the_next_one_begins(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    made = stored_training(library, snapshot.id, QUICK)
    page = shown(window, qtbot)
    page.show_training(made.id)
    view = page.run_view
    assert view is not None
    fails, over = Event(), Event()

    def fail(tools: Tools) -> None:
        fails.wait(60)
        raise UserError("The first one failed.")

    view.follow(window.desk.jobs.start("First", "train", fail))
    view.follow(window.desk.jobs.start("Second", "train", lambda tools: over.wait(60)))
    fails.set()
    qtbot.waitUntil(lambda: view.notice.isVisible() and view.notice.text.text() == "The first one failed.")
    assert view.heading.text() == "Second"
    over.set()
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished)


def test_a_curve_drops_the_steps_after_the_checkpoint_that_is_resumed(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    made = stored_training(library, snapshot.id, QUICK)
    page = shown(window, qtbot)
    page.show_training(made.id)
    view = page.run_view
    assert view is not None
    qtbot.waitUntil(lambda: len(view.run.loss) == 12)
    resumes, over = Event(), Event()

    def work(tools: Tools) -> None:
        tools.tell({"event": "began", "training": made.id})
        resumes.wait(60)
        report = {"event": "report", "resumed_step": 5}
        add_events(library, made.id, [report])
        tools.tell(report)
        over.wait(60)

    view.follow(window.desk.jobs.start("Train", "train", work))
    qtbot.waitUntil(lambda: len(view.run.loss) == 12)
    resumes.set()
    qtbot.waitUntil(lambda: len(view.run.loss) == 5)
    assert view.figures.values["step"].text() == "5 of 12"
    over.set()


def test_a_training_that_another_page_runs_is_shown_and_not_started_again(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    page = shown(window, qtbot)
    set_up = page.set_up
    set_up.form.set_value(QUICK)
    qtbot.waitUntil(set_up.start_button.isEnabled)
    made = create_training(library, base=STUDENT, snapshot=snapshot.id, settings=QUICK.to_dict())
    window.desk.tell("trainings")
    qtbot.waitUntil(lambda: not set_up.start_button.isEnabled())
    assert set_up.unfinished_note.text() == f"{made.id} has the same settings and is running now."
    with qtbot.waitSignal(window.desk.page_requested) as wanted:
        set_up.show_running.click()
    assert wanted.args == ["training", {"training": made.id}]
    end_run(library, made.id, "cancelled", "")
    window.desk.tell("trainings")
    qtbot.waitUntil(set_up.start_button.isEnabled)
    assert set_up.start_button.text() == f"Resume {made.id}" and not set_up.show_running.isVisible()


def test_a_training_that_finished_before_its_turn_is_not_trained_again(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    made = stored_training(library, snapshot.id, QUICK)
    page = shown(window, qtbot)
    over = Event()
    window.desk.jobs.start("Demo", "demo", lambda tools: over.wait(60))
    window.desk.open("training", resume=made.id)
    end_run(library, made.id, "done", "By the demo.")
    over.set()
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished)
    view = page.run_view
    assert view is not None
    qtbot.waitUntil(lambda: "had already finished" in view.notice.text.text())
    assert [one.id for one in list_trainings(library)] == [made.id]


def test_the_run_tab_is_empty_only_once_the_library_is_read(
    window: Window, qtbot: QtBot, library: Library, snapshot: Snapshot
) -> None:
    page = window.show_page("training")
    assert isinstance(page, TrainingPage)
    page.tabs.setCurrentIndex(RUN)

    def titles() -> list[str]:
        return [
            one.title.text() for one in page.tabs.widget(RUN).findChildren(EmptyState) if not one.isHidden()
        ]

    assert titles() == ["Loading trainings…"]
    shown(window, qtbot)
    qtbot.waitUntil(lambda: titles() == ["No training yet"])
    made = stored_training(library, snapshot.id, QUICK)
    window.desk.tell("trainings")
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.training == made.id)


def test_a_series_restarts_from_the_step_that_is_resumed() -> None:
    series = StepValues()
    for step in range(2 * FIRST + 1):
        series.put(step, step / 2)
    assert len(series) == 2 * FIRST + 1 and series.values[-1] == FIRST
    series.put(5, 9.0)
    assert list(series.steps) == [0, 1, 2, 3, 4, 5] and series.values[-1] == 9.0
    assert series.nearest(2.4) == 2 and series.nearest(float("inf")) == 5
    series.clear()
    assert series.nearest(1.0) is None


def test_a_long_curve_is_drawn_with_few_points_and_all_its_spikes() -> None:
    series = StepValues()
    for step in range(100_000):
        series.put(step, 50.0 if step == 12_345 else step % 7)
    (steps, values), (_, smooth) = series.lines(float("-inf"), float("inf"), BUCKETS)
    assert len(steps) == 2 * BUCKETS and len(smooth) == BUCKETS
    assert values.max() == 50 and values.min() == 0 and list(steps) == sorted(steps)
    (near, _), _ = series.lines(12_000, 12_100, BUCKETS)
    assert list(near) == list(range(11_999, 12_102))
    some, _ = series.some(float("-inf"), float("inf"), MARKED)
    assert len(some) == MARKED and (some[0], some[-1]) == (0, 99_999)


def test_curves_are_redrawn_at_most_five_times_a_second(theme: Theme, qtbot: QtBot) -> None:
    curves = Curves(theme)
    qtbot.addWidget(curves)
    curves.resize(800, 500)
    curves.show()
    (run,) = curves.show_runs([""])
    with qtbot.waitExposed(curves):
        pass
    before = curves.redraws
    for step in range(1, 20_001):
        run.add([metrics(step, 20_000)], [])
        curves.redraw()
    assert curves.redraws <= before + 1
    qtbot.waitUntil(lambda: curves.redraws == before + 1)
    assert "Step 20,000" in curves.readout.text()
    canvas = curves.findChild(QGraphicsView).viewport()
    qtbot.mouseMove(canvas, QPoint(canvas.width() // 2, canvas.height() // 3))
    qtbot.waitUntil(lambda: "Step 20,000" not in curves.readout.text())
    assert "loss" in curves.readout.text() and "learning rate 0.001" in curves.readout.text()
    curves.logarithmic.click()
    theme.choose("dark")
    theme.choose("light")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            SnapshotRules(per_task=None),
            "Correct answers where a reference exists; answers without a reference unchecked; the paired "
            "strategy; every distinct answer to a task.",
        ),
        (
            SnapshotRules(only_correct=False, allow_leaks=True, only_paired=False, per_task=1, cap=1200),
            "Incorrect answers too; answers without a reference unchecked; any strategy; answers that "
            "mention their instruction too; at most 1 answer per task and strategy, the correct and then the "
            "shortest first; at most 1,200 per family.",
        ),
        (
            SnapshotRules(
                per_task=None,
                total=500,
                balance=Balance(targets="weights", weights=(("sums", 2.0),)),
                long_share=0.2,
                learnable=Learnable(base="model"),
                overlap="allow-near",
            ),
            "Correct answers where a reference exists; answers without a reference unchecked; the paired "
            "strategy; every distinct answer to a task; weighted shares over families (sums 2); at most 500 "
            "records in all; at most 20% answers longer than the family's median; no tasks that the "
            "untrained student always or never solves; near repeats of held-out tasks included.",
        ),
    ],
)
def test_the_rules_of_a_snapshot_are_said_in_words(rules: SnapshotRules, words: str) -> None:
    """A snapshot also holds ungraded answers, and incorrect ones that the user kept."""
    always = "Records you kept are included even if incorrect; dropped and held-out ones never are."
    assert describe_rules(rules) == f"{words} {always}"
