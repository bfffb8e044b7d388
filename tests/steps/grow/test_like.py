"""Varying tasks, by a double of a teacher whose replies are known."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_models import TinyModel

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.proposals import list_proposals
from orca_desk.library.tasks import TaskFilter, add_tasks
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.asking import Answer, Prompt
from orca_desk.steps.grow import replies
from orca_desk.steps.grow.like import LikeRequest

SEED = Task(
    family="pears", query="Ann has 3 pears and eats 1. How many are left?", answer="2", tags=("easy",)
)
HELD = Task(
    family="pears", query="Bob has 9 plums and eats 4. How many are left?", answer="5", split="heldout"
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        add_tasks(library, [SEED, HELD])
        yield library


class Teacher:
    """Suggests a change of each kind; the turned task is the seed again, the harder one has no one answer."""

    def __init__(self) -> None:
        self.asked: list[Prompt] = []

    def __call__(self, worker: str, runner: object, prompts: Sequence[Prompt], **rest: Any) -> bool:
        self.asked += prompts
        made = [
            Answer(
                key=one.key,
                text=self.reply(one),
                finish_reason="stop",
                prompt_tokens=1,
                completion_tokens=1,
                seconds=0.1,
                engine="double",
                batch=1,
                template_sha256="",
            )
            for one in prompts
        ]
        rest["on_outcomes"](made)
        return True

    def reply(self, prompt: Prompt) -> str:
        user, sample = prompt.user, prompt.sampling.seed - Sampling().seed
        if "Suggest one way" in user:
            kinds = {"harder": "one more step", "different": "change the facts", "turned": "turn the task"}
            return "1. Do it " + next(kind for kind, words in kinds.items() if words in user) + " now."
        if "Suggestion:" in user:
            if "turned" in user:
                return f"Task: {SEED.query}"
            if "harder" in user:
                return "Task: Eve buys 12 figs, gives away half of them and eats 2. How many are left?"
            return "Task: A farmer with 20 sheep sells 7 of them on Monday. How many remain?"
        return f"Answer: {13 if 'sheep' in user else sample}"


def test_votes_give_new_tasks_their_answers(
    library: Library, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = Teacher()
    monkeypatch.setattr(replies, "ask", teacher)
    wanted = LikeRequest(model=str(tiny_llama.gguf), seeds=TaskFilter(family="pears"), answers=3)
    assert LikeRequest.from_json(wanted.to_json()) == wanted
    grown = wanted.grow(library)
    assert (grown.given, grown.proposed, grown.confirmed, grown.unconfirmed, grown.repeated) == (
        1,
        2,
        1,
        1,
        1,
    )
    assert not any("plums" in one.user for one in teacher.asked)  # no held-out task is varied
    by_change = {one.proposal.ancestry["change"]: one.proposal for one in list_proposals(library).items}
    sheep = by_change["different"]
    assert (sheep.task.answer, sheep.task.tags, sheep.task.family) == ("13", ("easy", "grown"), "pears")
    assert sheep.ancestry["task"] == SEED.id and sheep.checks == {
        "answers": 3,
        "without_vote": 0,
        "votes": [["13", 3]],
    }
    assert by_change["harder"].task.answer is None and by_change["harder"].confirmed is False
    count = len(teacher.asked)
    assert wanted.grow(library).new == 0 and len(teacher.asked) == count


def test_what_cannot_be_varied_is_refused(library: Library, tiny_llama: TinyModel) -> None:
    model = str(tiny_llama.gguf)
    with pytest.raises(UserError, match="No training task"):
        LikeRequest(model=model, seeds=TaskFilter(split="heldout")).grow(library)
    with pytest.raises(UserError, match="no change named odd"):
        LikeRequest(model=model, changes=("odd",)).grow(library)
    with pytest.raises(UserError, match="at least 3 answers"):
        LikeRequest(model=model, answers=2).grow(library)
