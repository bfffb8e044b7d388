"""The export dialog as a user meets it: from the Training page to files in another application's folder."""

import shutil
from pathlib import Path

import pytest
from doubles import open_small
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from tiny_models import TinyModel
from tuned import add_tuned

from orca_desk.inventory.templates import set_override
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run, list_runs
from orca_desk.library.trainings import Training
from orca_desk.parity import gate
from orca_desk.steps.export import offer as offers
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.offer import exportable_trainings
from orca_desk.steps.export.part_folder import part_of
from orca_desk.ui.pages.training.page import TrainingPage
from orca_desk.ui.widgets.export_dialog import CHOICES, RESULT, ExportDialog
from orca_desk.ui.window import Window
from orca_desk.ui.words.runs import page_of

SECONDS = 120_000  # ms; a real export on a busy machine


@pytest.fixture
def library(tmp_path: Path) -> Library:
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def training(library: Library, tiny_llama: TinyModel) -> Training:
    return add_tuned(library, tiny_llama.folder)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with LM Studio's folder in it."""
    home = tmp_path / "home"
    (home / ".lmstudio" / "models").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(Path, "home", lambda: home)
    return home


def open_dialog(window: Window, training: Training, qtbot: QtBot) -> ExportDialog:
    """Open it by the button of the training's run."""
    window.desk.open("training", training=training.id)
    page = window.pages["training"]
    assert isinstance(page, TrainingPage)
    qtbot.waitUntil(lambda: page.run_view is not None and page.run_view.export.isVisible())
    assert page.run_view is not None
    qtbot.mouseClick(page.run_view.export, Qt.MouseButton.LeftButton)
    dialog = page.export_dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.export_button.isEnabled())
    return dialog


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisible())


def press(dialog: ExportDialog, text: str, qtbot: QtBot) -> None:
    (found,) = (one for one in dialog.findChildren(QPushButton) if one.text() == text and one.isVisible())
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def test_the_form_tells_sizes_space_and_what_is_missing(
    window: Window, training: Training, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = open_dialog(window, training, qtbot)
    choices = dialog.choices
    assert choices.formats() == (Format.Q8_0,)
    assert choices.name.text() == training.base.name + "-train-1"
    assert choices.heldout.value() == choices.heldout.maximum() == 16
    assert "no licence" in texts(dialog)
    qtbot.waitUntil(lambda: "free on that disk" in choices.space.text())
    assert choices.space.property("tone") == "muted"
    assert "It takes " in choices.space.text()
    assert not choices.publisher.isEnabled()
    choices.boxes[Format.LM_STUDIO].setChecked(True)
    assert choices.publisher.isEnabled()
    monkeypatch.setattr("orca_desk.ui.widgets.export_choices.free_space", lambda folder: 1)
    choices.boxes[Format.F16].setChecked(True)
    qtbot.waitUntil(lambda: choices.space.property("tone") == "bad")
    for kind in (Format.F16, Format.Q8_0, Format.LM_STUDIO):
        choices.boxes[kind].setChecked(False)
    assert choices.space.text() == "Choose at least one format."
    assert not dialog.export_button.isEnabled()
    choices.boxes[Format.Q8_0].setChecked(True)
    choices.name.setText("a/b")
    press(dialog, "Export", qtbot)
    assert "is not a valid name for a model" in dialog.notice.text.text()
    dialog.reject()


def test_that_ollama_has_to_guess_the_template_is_said_before(
    window: Window, library: Library, training: Training, home: Path, qtbot: QtBot
) -> None:
    numbered = "{% for m in messages %}{{ loop.index ~ m.role ~ m.content ~ '<|im_end|>' }}{% endfor %}"
    set_override(library, training.base, numbered)
    dialog = open_dialog(window, training, qtbot)
    choices = dialog.choices
    assert not choices.template_note.isVisible()
    choices.boxes[Format.OLLAMA].setChecked(True)
    qtbot.waitUntil(choices.template_note.isVisible, timeout=SECONDS)
    assert "cannot be written in Ollama's language" in choices.template_note.text()
    choices.boxes[Format.OLLAMA].setChecked(False)
    assert not choices.template_note.isVisible()
    dialog.reject()


def test_a_training_that_offers_nothing_is_not_taken_for_the_one_before(
    window: Window, library: Library, training: Training, home: Path, qtbot: QtBot
) -> None:
    second = add_tuned(library, training.base, seed=1)
    assert second.adapter_gguf
    second.adapter_gguf.unlink()
    dialog = ExportDialog(window.desk, [training.id, second.id], window)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.export_button.isEnabled)
    dialog.training.setCurrentIndex(1)
    assert not dialog.export_button.isEnabled()
    qtbot.waitUntil(lambda: "is missing" in dialog.notice.text.text())
    assert not dialog.export_button.isEnabled()
    dialog.training.setCurrentIndex(0)
    qtbot.waitUntil(dialog.export_button.isEnabled)
    assert dialog.notice.isHidden()


@pytest.mark.slow
def test_a_blocked_export_is_shown_and_handed_over_only_on_purpose(
    window: Window,
    library: Library,
    training: Training,
    home: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The adapter's GGUF file is another one; the merged file is right, and ends in LM Studio's folder."""
    monkeypatch.setattr(gate, "PROMPTS", 2)
    other = add_tuned(library, training.base, strength=0.0, seed=1)
    assert training.adapter_gguf
    assert other.adapter_gguf
    shutil.copyfile(other.adapter_gguf, training.adapter_gguf)
    dialog = open_dialog(window, training, qtbot)
    for kind, box in dialog.choices.boxes.items():
        box.setChecked(kind in (Format.F16, Format.ADAPTER_GGUF, Format.LM_STUDIO))
    dialog.choices.name.setText("tuned")
    press(dialog, "Export", qtbot)
    qtbot.waitUntil(lambda: dialog.stack.currentIndex() == RESULT, timeout=SECONDS)
    assert "a file failed its check" in dialog.shown.summary.text()
    assert dialog.shown.gate.sentence.text().startswith("Check failed for 1 of 2 files. adapter:")
    assert not (home / "tuned").exists()
    (run,) = list_runs(library, kind="export")
    assert page_of(run) == "training"

    press(dialog, "Export anyway", qtbot)
    qtbot.waitUntil(lambda: "Exported 3 files" in dialog.shown.summary.text(), timeout=SECONDS)
    assert "Exported although a check failed" in dialog.shown.notes.text()
    assert (home / "tuned" / "tuned-F16.gguf").is_file()
    assert get_run(library, run.id).status == "done"
    qtbot.waitUntil(lambda: "Its folder was found" in texts(dialog.shown))
    press(dialog, "Put it there", qtbot)
    placed = home / ".lmstudio/models/orca-desk/tuned/tuned-F16.gguf"
    qtbot.waitUntil(placed.is_file)
    qtbot.waitUntil(lambda: "It is in LM Studio's folder." in texts(dialog.shown))
    dialog.reject()


@pytest.mark.slow
def test_a_stopped_export_is_resumed_from_the_jobs_page_and_can_be_discarded(
    window: Window,
    library: Library,
    training: Training,
    home: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialog = open_dialog(window, training, qtbot)
    press(dialog, "Export", qtbot)
    assert dialog.job is not None
    press(dialog, "Stop", qtbot)
    qtbot.waitUntil(lambda: dialog.stack.currentIndex() == CHOICES, timeout=SECONDS)
    assert "was stopped" in dialog.notice.text.text()
    dialog.reject()
    (run,) = list_runs(library, kind="export")
    window.desk.open("training", resume=run.id)
    page = window.pages["training"]
    assert isinstance(page, TrainingPage)
    qtbot.waitUntil(lambda: page.export_dialog is not None)
    again = page.export_dialog
    assert again is not None
    assert again.job is not None
    press(again, "Stop", qtbot)
    qtbot.waitUntil(lambda: again.job is not None and again.job.is_over, timeout=SECONDS)
    assert [one.id for one in list_runs(library, kind="export")] == [run.id]
    assert not (home / (training.base.name + "-train-1")).exists()
    assert part_of(home / "x").name == ".x.export"
    again.reject()


def test_what_can_be_exported_of_a_model(library: Library, training: Training) -> None:
    second = add_tuned(library, training.base, seed=3)
    assert exportable_trainings(library, training.base) == [second.id, training.id]
    assert training.adapter_gguf
    assert exportable_trainings(library, training.adapter_gguf) == [training.id]
    assert exportable_trainings(library, Path("/nowhere")) == []
    found = offers.export_offer(library, training.id)
    assert found.bytes_of([Format.Q8_0]) == found.sizes[Format.Q8_0] + found.sizes[Format.F16]
    assert found.sizes[Format.Q4_K_M] < found.sizes[Format.Q8_0] < found.sizes[Format.F16]
