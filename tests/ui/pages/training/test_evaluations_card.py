"""The evaluations beside a training, and another one by one click."""

import pytest
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import Training, create_training, set_adapter
from orca_desk.method.records import Task
from orca_desk.models.hashes import HashCache
from orca_desk.paths import bundled_models
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.pages.training.evaluations_card import EvaluationsCard
from orca_desk.ui.window import Window

BASE = bundled_models() / "mini-student"
TASK = Task(family="sums", query="1 + 1?", answer="2", split="heldout")


@pytest.fixture
def training(library: Library) -> Training:
    add_tasks(library, [TASK])
    library.write(
        lambda db: (
            db.execute(
                "INSERT INTO snapshots (id, name, records, instruction, rules, left_out, created_at)"
                " VALUES ('s', 's', 0, '', '{}', '{}', '')"
            ).rowcount
        )
    )
    made = create_training(library, base=BASE, snapshot="s", settings=TrainSettings().to_dict())
    made.folder.mkdir(parents=True)
    gguf = made.folder / "adapter.gguf"
    gguf.write_bytes(b"adapter")
    return set_adapter(library, made.id, adapter=made.folder / "adapter", gguf=gguf, sha256="0" * 64)


def evaluate(library: Library, training: Training) -> str:
    made = create_evaluation(
        library,
        model=BASE / "mini-student.gguf",
        adapter=training.adapter_gguf,
        system_kind="cautious",
        system="",
        questions=[Question(task_id=TASK.id, family="sums", user=TASK.query, answer="2")],
        settings={"adapter": HashCache(library.folder).sha256(training.adapter_gguf)},
        name="tuned",
    )
    answer = Answered(
        task_id=TASK.id, response="2", correct=True, reason="", recognised=None, completion_tokens=1,
        finish_reason="stop",
    )  # fmt: skip
    add_answers(library, made.id, [answer])
    return made.id


def test_evaluations_stand_beside_a_training_and_come_with_one_click(
    window: Window, library: Library, training: Training, qtbot: QtBot
) -> None:
    card = EvaluationsCard(window.desk)
    qtbot.addWidget(card)
    card.show_training(training)
    qtbot.waitUntil(lambda: card.empty.isVisibleTo(card))
    asked: list[tuple[str, dict]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda page, target: asked.append((page, target)))
    card.start.click()
    qtbot.waitUntil(lambda: len(asked) == 1)
    page, target = asked[0]
    assert page == "evaluate"
    assert [one["name"] for one in target["start"]["candidates"]] == ["base", "tuned"]
    assert target["start"]["families"] == ["sums"]

    evaluation = evaluate(library, training)
    window.desk.tell("evaluations")
    qtbot.waitUntil(lambda: card.model.rowCount() == 1 and card.table.isVisibleTo(card))
    assert [card.model.index(0, column).data() for column in (0, 2, 5)] == [
        "tuned",
        "100.0% (20.7 to 100.0)",
        "",
    ]
    card.open(0)
    assert asked[-1] == ("evaluate", {"evaluation": evaluation})
    card.show_training(None)
    assert card.isHidden()
