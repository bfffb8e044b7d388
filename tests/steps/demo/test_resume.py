"""A resumed demo repeats no stage that is done, and shows the time that it took."""

from pathlib import Path

import pytest
from doubles import open_small

from orca_desk.errors import UserError
from orca_desk.library.pairings import pairing_history, set_pairings
from orca_desk.library.runs import create_run, end_run, get_run, start_run
from orca_desk.method.pairing import Evidence, choose
from orca_desk.processes.asking import Runner
from orca_desk.steps.demo import walk
from orca_desk.steps.demo.stages import StageDone
from orca_desk.steps.pair.probe import Probed
from orca_desk.steps.teaching import Taught

DONE = Taught(usable=1, rejected={}, failed={}, tokens=1, asked=1, known=0, seconds=1.0, finished=True)


def test_a_stage_that_was_done_is_neither_repeated_nor_without_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Runner] = []
    stages: list[StageDone] = []

    def probe(library, teacher, **rest: object) -> Probed:
        asked.append(teacher)
        run = create_run(library, "probe", {"n": len(asked)}).id
        pairings = choose(
            [Evidence(family="belief", strategy="step-by-step", n=4, correct=3, mean_tokens=9.0)]
        )
        set_pairings(library, pairings.values(), source="measured")
        start_run(library, run)
        end_run(library, run, "done", "")
        return Probed(run=run, pairings=pairings, fruitless={}, left_out=0, taught=DONE)

    def fails(*_: object, **__: object) -> None:
        raise UserError("Interrupted here.", "Go on.")

    monkeypatch.setattr(walk, "probe", probe)
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
