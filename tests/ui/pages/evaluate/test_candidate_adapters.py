"""The Evaluate page tells which adapters may not belong to their models."""

from pathlib import Path

from desktop_waits import wait_for_background
from pytestqt.qtbot import QtBot
from tiny_adapters import make_adapter

from orca_desk.models.base_identity import identify_base
from orca_desk.paths import bundled_models
from orca_desk.steps.evaluate.evaluation import System
from orca_desk.steps.evaluate.plan import Candidate
from orca_desk.student.checkpoints import publish_adapter
from orca_desk.student.export import export_adapter
from orca_desk.ui.pages.evaluate.candidate_list import CandidateList
from orca_desk.ui.window import Window

STUDENT = bundled_models() / "mini-student"
TEACHER = bundled_models() / "mini-teacher" / "mini-teacher.gguf"


def test_an_adapter_on_another_model_is_told_before_the_start(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    publish_adapter(
        make_adapter(tmp_path / "made", STUDENT), tmp_path / "adapter", identify_base(STUDENT, "abc")
    )
    adapter = tmp_path / "adapter.gguf"
    export_adapter(tmp_path / "adapter", STUDENT, adapter)
    candidates = CandidateList(window.desk)
    qtbot.addWidget(candidates)
    candidates.show()
    system = System(kind="cautious")
    candidates.set_candidates([Candidate(name="tuned", model=TEACHER, adapter=adapter, system=system)])
    qtbot.waitUntil(candidates.doubts.isVisible, timeout=10_000)
    assert candidates.doubts.text().startswith("tuned: This adapter was trained on another model.")
    own = Candidate(name="tuned", model=STUDENT / "mini-student.gguf", adapter=adapter, system=system)
    candidates.set_candidates([own])
    qtbot.waitUntil(lambda: not candidates.doubts.isVisible(), timeout=10_000)
    wait_for_background(window.desk, qtbot)
    assert not candidates.doubts.isVisible()
