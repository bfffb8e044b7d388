"""Asking a judge: a tiny real model, and a double of one whose verdicts are known."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import TinyModel

from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings
from orca_desk.library.tasks import TaskFilter, add_tasks, iterate_tasks
from orca_desk.method.evidence import Basis
from orca_desk.method.judging import JUDGE_SAMPLING, judge_question
from orca_desk.method.records import Sampling, Task
from orca_desk.processes.asking import Answer, AskOutcome, Failure, Prompt, Runner
from orca_desk.processes.progress import JobControl
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.pair import judge as judging
from orca_desk.steps.pair.estimate import estimate
from orca_desk.steps.pair.judge import Judge
from orca_desk.steps.pair.matrix import pairing_matrix
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.ui.words.pairing import judge_check_text, pairing_reason, source_word

ANSWERS = [("What is 1 + 1?", "Answer: 2"), ("What is 1 + 1?", "Answer: 3"), ("Why?", "Because.")]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", samples=True) as library:
        yield library


@pytest.fixture
def runner(tiny_llama: TinyModel) -> Runner:
    return Runner(model=tiny_llama.gguf, threads=1, context=1024)


def _replies(prompts: Sequence[Prompt], text: Callable[[str], str]) -> list[AskOutcome]:
    made = {
        "finish_reason": "stop",
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "seconds": 0.1,
        "engine": "double",
        "batch": 1,
        "template_sha256": "",
    }
    return [Answer(key=one.key, text=text(one.user), **made) for one in prompts]  # type: ignore[arg-type]


def test_replies_without_a_verdict_are_stored_and_not_asked_for_again(
    library: Library, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "JUDGE_SAMPLING", type(JUDGE_SAMPLING)(max_tokens=4))
    first = Judge(library, runner, "Judge.").judge(ANSWERS[:2])
    assert first.finished and first.verdicts == (None, None) and first.unasked == 0
    assert len(library.rows("SELECT * FROM judgements")) == 2
    monkeypatch.setattr(Runner, "as_job", lambda self: pytest.fail("the judge was asked again"))
    assert Judge(library, runner, "Judge.").judge(ANSWERS[:2]) == first


def test_verdicts_come_in_the_order_of_the_answers(
    library: Library, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Prompt] = []

    def ask(worker: str, runner: Runner, prompts: Sequence[Prompt], **rest: Any) -> bool:
        asked.extend(prompts)
        long = [one for one in prompts if "Why?" in one.user]
        short = [one for one in prompts if one not in long]
        rest["on_outcomes"](
            _replies(short, lambda user: f"Verdict: {'correct' if 'Answer: 2' in user else 'incorrect'}")
        )
        rest["on_outcomes"]([Failure(key=one.key, reason="too long") for one in long])
        return True

    monkeypatch.setattr(judging, "ask", ask)
    judge = Judge(library, runner, "My prompt.")
    found = judge.judge([*ANSWERS, ANSWERS[0]])
    assert found.verdicts == (True, False, None, True) and found.unasked == 1
    assert {one.system for one in asked} == {"My prompt."} and len(asked) == 3
    assert asked[0].user == judge_question(*ANSWERS[0])
    assert judge.judge(ANSWERS).verdicts == (True, False, None) and len(asked) == 3
    assert Judge(library, runner, "Another prompt.").judge(ANSWERS[:1]).verdicts == (True,)
    assert len(asked) == 4


def test_a_stopped_judge_has_not_finished(library: Library, runner: Runner) -> None:
    control = JobControl()
    control.stop()
    found = Judge(library, runner, "Judge.").judge(ANSWERS, control=control)
    assert not found.finished and found.verdicts == (None, None, None)


def test_the_estimate_counts_the_judges_time(library: Library, tiny_llama: TinyModel) -> None:
    add_tasks(library, [Task(family="sums", query="What is 1 + 1?", answer="2")])
    without = ProbeRequest(model=str(tiny_llama.gguf), families=["sums"], strategies=["direct"])
    by_judge = replace(without, by="judge", judge=str(tiny_llama.gguf))
    alone, judged = estimate(library, without), estimate(library, by_judge)
    assert alone.high is not None and judged.high is not None and judged.high > alone.high
    assert (alone.most_answers, judged.most_answers) == (1, 1)


def test_a_tournament_by_a_judge_ends_in_a_pairing_that_says_so(
    library: Library, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The teacher is real; the judge is a double that is right about every answer but the first it reads."""
    tasks = {task.user_text: task for task in iterate_tasks(library, TaskFilter(family="ordering"))}
    asked: list[str] = []

    def ask(worker: str, runner: Runner, prompts: Sequence[Prompt], **rest: Any) -> bool:
        def reply(user: str) -> str:
            blocks = re.fullmatch(
                r"Question:\n(-+)\n(.*)\n\1\n\nAnswer:\n\1\n(.*)\n\1\n\n.*", user, re.DOTALL
            )
            assert blocks is not None
            question, answer = blocks.group(2), blocks.group(3)
            verdict = grade_answer(tasks[question], answer)
            assert verdict is not None
            is_correct = verdict.correct if len(asked) > 1 else not verdict.correct
            return f"I checked it.\n**Verdict: {'correct' if is_correct else 'incorrect'}**"

        outcomes = []
        for prompt in prompts:
            asked.append(prompt.key)
            outcomes += _replies([prompt], reply)
        rest["on_outcomes"](outcomes)
        return True

    monkeypatch.setattr(judging, "ask", ask)
    request = ProbeRequest(
        model=str(mini_teacher()),
        families=["ordering"],
        strategies=["direct", "recall-reason-generate"],
        per_family=16,
        by="judge",
        judge=str(runner.model),
        sampling=Sampling(max_tokens=200),
        threads=1,
    )
    found = request.probe(library)
    decision = found.decisions["ordering"]
    assert found.finished and decision.basis == Basis.JUDGE and decision.strategy is not None
    assert len(asked) == len(set(asked)) == found.spent.answers
    assert found.judge_check is not None
    assert found.judge_check.correct + found.judge_check.incorrect == len(asked)
    assert "the judge accepts" in judge_check_text(found.judge_check)
    stored = current_pairings(library)["ordering"]
    assert (stored.source, source_word(stored)) == ("measured", "by a judge")
    assert "judged correct" in pairing_reason(stored.pairing)
    assert pairing_matrix(library).basis == Basis.JUDGE
    again = request.probe(library)  # neither the teacher nor the judge is asked again
    assert again.decisions == found.decisions and len(asked) == found.spent.answers
