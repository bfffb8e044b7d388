"""A training over time on its page: what was evaluated is plotted, and a job evaluates the rest."""

from itertools import pairwise
from pathlib import Path

import pytest
from doubles import PAIRED, small_tasks
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot
from tiny_adapters import make_adapter
from tiny_models import TinyModel
from tuned import add_tuned

from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import Training
from orca_desk.method.pairing import Pairing
from orca_desk.ui.pages.training.checkpoints_card import CheckpointsCard
from orca_desk.ui.widgets.step_chart import apart
from orca_desk.ui.window import Window

SECONDS = 60_000


@pytest.fixture
def training(library: Library, tiny_llama: TinyModel) -> Training:
    """A finished training that kept one adapter, and tasks of two paired families.

    Name it before the window, which imports in threads: not beside torch, whose import sets warnings aside.
    """
    pytest.importorskip("torch")
    pytest.importorskip("llama_cpp")
    add_tasks(library, small_tasks())
    pairings = [
        Pairing(family=name, strategy=strategy, evidence=(), reason="chosen")
        for name, strategy in PAIRED.items()
    ]
    set_pairings(library, pairings, source="chosen")
    made = add_tuned(library, tiny_llama.folder)
    make_adapter(Path(made.folder) / "checkpoints" / "step-6" / "adapter", tiny_llama.folder)
    return made


def test_checkpoints_are_evaluated_and_plotted(training: Training, window: Window, qtbot: QtBot) -> None:
    card = CheckpointsCard(window.desk)
    qtbot.addWidget(card)
    card.show_training(training)
    card.tasks.setValue(1)
    qtbot.waitUntil(lambda: "1 checkpoint and the base" in card.start.text(), timeout=SECONDS)
    assert card.empty.isVisibleTo(card) and not card.chart.isVisibleTo(card)
    card.start.click()
    assert not card.start.isEnabled()
    qtbot.waitUntil(lambda: card.chart.isVisibleTo(card), timeout=SECONDS)
    qtbot.waitUntil(lambda: len(card.chart.lines) == 3 and card.start.isEnabled(), timeout=SECONDS)
    assert [line.name for line in card.chart.lines] == ["belief", "sums", "overall"]
    assert [one.step for one in card.chart.lines[-1].points] == [0, 6]
    assert card.values.text().startswith("overall, base: ") and "step 6: " in card.values.text()
    assert "2 held-out tasks under the cautious system message" in card.notes.text()
    card.measure.setCurrentIndex(2)
    card.measure.activated.emit(2)
    card.family.setCurrentText("sums")
    card.family.activated.emit(card.family.currentIndex())
    assert card.values.text().startswith("sums, base: ") and "%" not in card.values.text()
    assert card.chart.chosen == "sums"


@pytest.fixture
def bare(library: Library, tiny_llama: TinyModel) -> Training:
    """A finished training without a checkpoint; name it before the window, too."""
    pytest.importorskip("torch")
    add_tasks(library, small_tasks())
    return add_tuned(library, tiny_llama.folder)


def test_a_training_without_checkpoints_says_so(bare: Training, window: Window, qtbot: QtBot) -> None:
    card = CheckpointsCard(window.desk)
    qtbot.addWidget(card)
    card.show_training(bare)
    qtbot.waitUntil(lambda: card.start.toolTip() == "This training kept no checkpoint.", timeout=SECONDS)
    assert not card.start.isEnabled()
    card.show_training(None)
    assert not card.isVisibleTo(None)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_names_never_overlap(values: list[float]) -> None:
    places = apart(values, 0.06)
    ordered = sorted(places, reverse=True)
    assert all(one - other >= 0.06 - 1e-9 for one, other in pairwise(ordered))
    assert max(places) == max(values)
