"""Which evaluations of the library a model card tells."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from doubles import open_small

from orca_desk.files import file_sha256
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Question, create_evaluation
from orca_desk.library.forgetting import store_report
from orca_desk.library.runs import end_run
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.forgetting import GeneralAnswer, PromptDivergence, forgetting
from orca_desk.steps.export.results import held_out_results
from orca_desk.steps.export.sources import Sources


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_small(tmp_path / "library") as library:
        yield library


def test_only_what_was_asked_as_it_was_trained_counts(library: Library, tmp_path: Path) -> None:
    """Told its strategy, or under another system message, the student is another candidate."""
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"adapter")
    sources = cast(
        Sources, SimpleNamespace(adapter_gguf=adapter, snapshot=SimpleNamespace(instruction=CAUTIOUS))
    )
    question = Question(task_id="sums-1", family="sums", user="What is 2 + 2?", answer="4")

    def evaluated(kind: str, system: str | None) -> str:
        found = create_evaluation(
            library, model=tmp_path / "m.gguf", adapter=adapter, system_kind=kind, system=system,
            questions=[question], settings={"adapter": file_sha256(adapter), "asked": kind},
        )  # fmt: skip
        end_run(library, found.id, "done", "")
        return found.id

    evaluated("own", "Think step by step.")
    evaluated("strategy", None)
    assert held_out_results(library, sources) is None
    told = evaluated("cautious", CAUTIOUS)
    found = held_out_results(library, sources)
    assert found is not None and found.lost is None
    answers = {"q": GeneralAnswer(correct=True, tokens=2, ended=True)}
    near = [PromptDivergence(tokens=2, nats=0.2, changed=0)]
    lost = forgetting(answers, answers, {"q": "code"}, near, probe="", system="")
    store_report(library, told, {"found": lost.to_json(), "reason": ""})
    found = held_out_results(library, sources)
    assert found is not None and found.lost == lost
