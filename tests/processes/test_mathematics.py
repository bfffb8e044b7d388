"""Mathematics compared by the real worker: what is equal, and what an expression that never ends costs."""

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from processes import ends

from orca_desk.errors import UserError
from orca_desk.method.grading import grade
from orca_desk.processes.mathematics import Mathematics
from orca_desk.processes.process import WorkerCrashError
from orca_desk.ui.words.grading import verdict_reason

ROWS = Path(__file__).parents[1] / "method" / "grading" / "mathematics.jsonl"
HOSTILE = [
    "9^{9^{9^9}}",
    "100000000!",
    "(x+1)^{100000}",
    r"\sqrt{" * 150 + "2" + "}" * 150,
    "(" * 400 + "1" + ")" * 400,
    r"2^{2^{2^{2^{2^2}}}}",
    r"\int_0^1 e^{x^2} \sin(x^x) dx",
    "5" + "!" * 30,
]


@pytest.fixture(scope="module")
def mathematics() -> Iterator[Mathematics]:
    """The service, whose worker starts with the first comparison."""
    service = Mathematics(seconds=60.0)
    yield service
    service.close()


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(json.loads(line), id=str(n))
        for n, line in enumerate(ROWS.read_text("utf-8").splitlines(), 1)
    ],
)
def test_a_row_is_graded_as_a_careful_person_does(row: dict, mathematics: Mathematics) -> None:
    verdict = grade(row["response"], row["reference"], comparer=mathematics)
    assert verdict.correct == row["expected"], verdict.reason


@pytest.fixture(scope="module")
def impatient() -> Iterator[Mathematics]:
    """A service that waits half a second; its worker serves on unless an expression has ended it."""
    service = Mathematics(seconds=0.5)
    yield service
    service.close()


@pytest.mark.parametrize("expression", HOSTILE)
def test_a_hostile_expression_is_given_up_in_time(expression: str, impatient: Mathematics) -> None:
    assert impatient.compare(expression, r"\sqrt{2}") in ("unfinished", "different", "unreadable")


def test_the_comparison_after_a_hostile_one_has_a_new_worker() -> None:
    service = Mathematics(seconds=2.0)
    try:
        assert service.compare("9^{9^{9^9}}", r"\sqrt{2}") == "unfinished"
        assert service.compare(r"\frac{2}{\sqrt{2}}", r"\sqrt{2}") == "same"
    finally:
        service.close()


def test_an_expression_that_takes_too_long_ends_its_worker_and_says_so() -> None:
    service = Mathematics(seconds=0.5)
    try:
        verdict = grade(r"\boxed{9^{9^{9^9}}}", r"\sqrt{2}", comparer=service)
        assert not verdict.correct
        assert "could not be compared within 0.5 seconds" in verdict_reason(verdict.reason)
        assert not service.running
    finally:
        service.close()


def test_plain_references_never_start_the_worker() -> None:
    service = Mathematics()
    for response, reference in [
        ("Answer: 42", "42"),
        (r"\boxed{\frac34}", "0.75"),
        (r"\boxed{12{,}000}", "12000"),
        ("Answer: 10^6", "1000000"),
        (r"$3\times 10^8$", "300000000"),
        ("Answer: 5 × 10⁶", "5000000"),
        ("Answer: 1/2", r"\frac12"),
        (r"\boxed{\sqrt{2}}", r"\sqrt2"),
        ("Answer: [0, 1)", "[0,1)"),
        ("Answer: Paris", r"\sqrt{2}"),
    ]:
        assert grade(response, reference, comparer=service).correct == (response != "Answer: Paris"), response
    assert not service.running


def test_a_pair_is_compared_once(mathematics: Mathematics) -> None:
    assert mathematics.compare("x+1", "1+x") == "same"
    mathematics.close()
    assert mathematics.compare("x+1", "1+x") == "same"
    assert not mathematics.running


def test_words_are_not_multiplied_as_letters(mathematics: Mathematics) -> None:
    assert not grade("Answer: act", "cat", "math", comparer=mathematics).correct
    assert not grade("Answer: listen", "silent", "math", comparer=mathematics).correct


def test_without_a_comparer_the_reason_says_that_nothing_compared() -> None:
    verdict = grade("Answer: 3 + 2x", "2x + 3")
    assert not verdict.correct
    assert "nothing here compares mathematics" in verdict_reason(verdict.reason)


def test_threads_share_one_worker(mathematics: Mathematics) -> None:
    outcomes: list[str] = []
    before = workers()
    threads = [
        threading.Thread(target=lambda n=n: outcomes.append(mathematics.compare(f"{n}+x", f"x+{n}")))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["same"] * 8
    assert len(workers() - before) <= 1


def workers() -> set[int]:
    """The processes of all services here."""
    return {one.pid for one in psutil.Process().children() if "math" in one.cmdline()}


def test_closing_ends_the_worker() -> None:
    service = Mathematics(seconds=60.0)
    service.compare("y+2", "2+y")
    (worker,) = [one for one in psutil.Process().children() if one.cmdline()[-1:] == ["math"]][-1:]
    service.close()
    assert ends(worker.pid)
    assert not service.running


def test_a_worker_that_cannot_start_is_no_verdict() -> None:
    service = Mathematics(command=[sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises((WorkerCrashError, UserError)):
        service.compare("x", "y")
    assert not service.running
