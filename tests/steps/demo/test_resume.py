"""A resumed demo repeats no stage that is done, and shows the time that it took."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from doubles import open_small

from orca_desk.errors import UserError
from orca_desk.library.pairings import pairing_history, set_pairings
from orca_desk.library.runs import create_run, end_run, get_run, start_run
from orca_desk.method.pairing import Decision, Evidence, decide
from orca_desk.processes.asking import Runner
from orca_desk.steps.demo import walk
from orca_desk.steps.demo.stages import StageDone
from orca_desk.steps.demo.state import DemoStudent
from orca_desk.steps.pair.probed import Probed
from orca_desk.steps.pair.standing import Spent
from orca_desk.steps.teaching import Taught

DONE = Taught(usable=1, rejected={}, failed={}, tokens=1, asked=1, known=0, seconds=1.0, finished=True)


def probed(run: str, decisions: dict[str, Decision]) -> Probed:
    """A tournament that ended with these decisions."""
    return Probed(
        run=run,
        decisions=decisions,
        held_out={},
        ends={},
        without_verdict=(),
        left_out=0,
        spent=Spent(),
        taught=DONE,
    )


def test_both_demos_share_what_the_teacher_did_and_train_a_student_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[tuple[Path, object]] = []
    asked: list[str] = []

    def teach(library, kind: str) -> str:
        asked.append(kind)
        run = create_run(library, kind, {}).id
        start_run(library, run)
        end_run(library, run, "done", "")
        return run

    def train(library, student: Path, snapshot: str, *, settings: object, **_: object) -> None:
        trained.append((student, settings))
        raise UserError("Interrupted here.", "Resume it.")

    monkeypatch.setattr(walk, "tournament", lambda lib, *_, **__: probed(teach(lib, "probe"), {}))
    monkeypatch.setattr(
        walk, "generate", lambda lib, *_, **__: SimpleNamespace(run=teach(lib, "generate"), finished=True)
    )
    monkeypatch.setattr(walk, "freeze", lambda *_, **__: SimpleNamespace(id="s", records=1, left_out={}))
    monkeypatch.setattr(walk, "train", train)
    names: tuple[DemoStudent, ...] = ("mini", "real")
    with open_small(tmp_path / "library") as library:
        for name in names:
            models = walk.DemoModels(teacher=tmp_path / "t.gguf", student=tmp_path / name, name=name)
            with pytest.raises(UserError, match="Interrupted here"):
                walk.demo(library, models)
    assert asked == ["probe", "generate"]
    assert trained == [(tmp_path / name, walk.SETTINGS[name]) for name in names]


def test_a_stage_that_was_done_is_neither_repeated_nor_without_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Runner] = []
    stages: list[StageDone] = []

    def probe(library, teacher, **rest: object) -> Probed:
        asked.append(teacher)
        run = create_run(library, "probe", {"n": len(asked)}).id
        decisions = decide(
            [Evidence(family="belief", strategy="step-by-step", n=4, correct=3, mean_tokens=9.0)]
        )
        pairings = [one.pairing for one in decisions.values() if one.pairing]
        set_pairings(library, pairings, source="measured")
        start_run(library, run)
        end_run(library, run, "done", "")
        return probed(run, decisions)

    def fails(*_: object, **__: object) -> None:
        raise UserError("Interrupted here.", "Go on.")

    monkeypatch.setattr(walk, "tournament", probe)
    monkeypatch.setattr(walk, "generate", fails)
    models = walk.DemoModels(teacher=tmp_path / "t.gguf", student=tmp_path)
    with open_small(tmp_path / "library") as library:
        before = len(pairing_history(library, "belief"))
        for _ in range(2):
            with pytest.raises(UserError, match="Interrupted here"):
                walk.demo(library, models, on_stage=stages.append)
        assert len(asked) == 1
        assert len(pairing_history(library, "belief")) == before + 1
        first, second = stages
        assert first == second
        assert second.seconds == get_run(library, "probe-1").seconds
        assert '"strategy": "step-by-step"' in second.outcome
