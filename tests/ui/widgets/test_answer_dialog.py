"""An answer looked at closely: its steps, and its tokens once a worker has scored them."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.prompts.messages import Message
from orca_desk.steps.reading import read_in_library
from orca_desk.steps.token_scores import ScoredText, ScoredToken
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import scored_text
from orca_desk.ui.widgets.answer_dialog import AnswerDialog, LookedAt, mean_words
from orca_desk.ui.widgets.answer_steps import AnswerStepsView
from orca_desk.ui.window import Window

WORDS = "Lucy has 38 cups. Lucy finds 9 more. Then Lucy finds 7 more. How many cups does Lucy have now?"
WRONG = "Step 1: more, 38 + 9 = 47.\nStep 2: more, 47 + 7 = 55.\nAnswer: 55"
SECONDS = 60_000


def looked_at(library: Library, *, model: Path | None, why_not: str = "") -> LookedAt:
    messages = (Message("system", ""), Message("user", WORDS))
    return LookedAt(
        title="Answer of teacher",
        response=WRONG,
        reading=read_in_library(library, response=WRONG, question=WORDS),
        scored=model and ScoredText(model=model, messages=messages, response=WRONG),
        why_not=why_not,
    )


def test_steps_are_listed_and_the_first_incorrect_one_is_selected(
    library: Library, theme: Theme, qtbot: QtBot
) -> None:
    view = AnswerStepsView(theme, "base")
    qtbot.addWidget(view)
    view.show_reading(read_in_library(library, response=WRONG, question=WORDS))
    assert view.summary.text() == "Follows step-by-step · 3 steps · first incorrect: 2"
    assert [view.steps.item(row).text() for row in range(view.steps.count())] == [
        "1.  Step 1: more, 38 + 9 = 47.",
        "2.  Step 2: more, 47 + 7 = 55.\nIt should be: more, 47 + 7 = 54.",
        "3.  Answer: 55\nIt should be: 54.",
    ]
    assert view.steps.currentRow() == 1
    view.show_reading(read_in_library(library, response="Look. See.", question="What?"))
    assert "not checked" in view.summary.text() and view.steps.currentRow() == -1
    view.show_reading(None)
    assert view.steps.count() == 0 and view.summary.text() == ""


def test_tokens_are_scored_by_a_real_model_and_described(
    window: Window, library: Library, qtbot: QtBot
) -> None:
    pytest.importorskip("llama_cpp")
    dialog = AnswerDialog(window.desk, looked_at(library, model=mini_teacher()), window)
    dialog.show()
    assert dialog.mean.text() == "Not scored yet"
    dialog.score.click()
    qtbot.waitUntil(lambda: dialog.mean.text().startswith("Mean log-probability"), timeout=SECONDS)
    assert dialog.text.toPlainText() == WRONG
    assert not dialog.score.isVisible() and dialog.legend.isVisible()
    assert "This step:" in dialog.mean.text()
    dialog.text.setFocus()
    qtbot.waitUntil(dialog.text.hasFocus, timeout=SECONDS)
    cursor = dialog.text.textCursor()
    cursor.setPosition(WRONG.index("55"))
    dialog.text.setTextCursor(cursor)
    qtbot.waitUntil(lambda: "log-probability" in dialog.pointed.text(), timeout=SECONDS)
    dialog.close()
    again = AnswerDialog(window.desk, looked_at(library, model=mini_teacher()), window)
    again.show()
    qtbot.waitUntil(lambda: again.mean.text().startswith("Mean log-probability"), timeout=SECONDS)
    again.close()


def test_what_cannot_be_scored_says_why(window: Window, library: Library, qtbot: QtBot) -> None:
    dialog = AnswerDialog(window.desk, looked_at(library, model=None, why_not="The model is gone."), window)
    dialog.show()
    assert not dialog.score.isVisible()
    assert (dialog.mean.text(), dialog.pointed.text()) == ("Tokens cannot be scored", "The model is gone.")
    dialog.close()


def test_a_failure_is_shown_and_closing_stops_the_scoring(
    window: Window, library: Library, qtbot: QtBot, tmp_path: Path
) -> None:
    missing = looked_at(library, model=tmp_path / "gone.gguf")
    dialog = AnswerDialog(window.desk, missing, window)
    dialog.show()
    dialog.score.click()
    qtbot.waitUntil(dialog.notice.isVisible, timeout=SECONDS)
    assert any("gone.gguf is missing" in one.text() for one in dialog.notice.findChildren(QLabel))
    assert dialog.score.isEnabled()
    dialog.score.click()
    job = dialog.job
    dialog.close()
    assert job is not None
    qtbot.waitUntil(lambda: job.is_over, timeout=SECONDS)


def test_shades_follow_the_probability(theme: Theme, qtbot: QtBot) -> None:
    view = scored_text.ScoredTextView(theme)
    holder = QWidget()
    qtbot.addWidget(holder)
    view.setParent(holder)
    view.show_text("a𝟘b")
    tokens = [
        ScoredToken(text="a", logprob=-0.01, best=(("a", -0.01),)),
        ScoredToken(text="𝟘", logprob=-6.0, best=(("x", -0.1), ("y", -3.0))),
        ScoredToken(text="b", logprob=-1.2, best=(("b", -1.2),)),
    ]
    view.show_tokens(tokens)
    assert view.toPlainText() == "a𝟘b"
    assert view.tokens_within(1, 2) == [tokens[1]]
    said = list[str]()
    view.described.connect(said.append)
    with qtbot.waitActive(holder):
        holder.show()
        holder.activateWindow()
    view.setFocus()
    cursor = view.textCursor()
    for place in (1, 3):
        cursor.setPosition(place)
        view.setTextCursor(cursor)
    assert said[-2] == "“𝟘”  0.25%, log-probability -6.00\nInstead: “x” 90%, “y” 5%"
    assert said[-1].startswith("“b”  30%")
    assert [scored_text.percent(share) for share in (0.999, 0.5, 0.004, 0.00001)] == [
        "100%",
        "50%",
        "0.40%",
        "under 0.01%",
    ]


def test_a_mean_of_nothing_has_no_sign() -> None:
    token = ScoredToken(text="a", logprob=-0.001, best=())
    assert mean_words([token]) == "Mean log-probability 0.00 per token (100%), 1 token"
