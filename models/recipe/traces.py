"""How the teacher answers: a family's winning strategy does the work, every other one only has the form.

So the teacher follows whatever strategy it is told, and which one is worth following is a thing that
can be measured, as with large models.
"""

import tomllib
from pathlib import Path

from models.recipe.families import WINNERS
from models.recipe.problem import Problem

STRATEGY_FILES = Path(__file__).resolve().parents[2] / "resources" / "strategies"
STRATEGIES = (
    "direct",
    "step-by-step",
    "explain-then-answer",
    "recall-then-generate",
    "recall-reason-generate",
    "extract-then-answer",
    "guess-and-check",
)


def instructions() -> dict[str, str]:
    """Return each strategy's system instruction, from the files that the app itself reads."""
    texts = {name: (STRATEGY_FILES / f"{name}.toml").read_text(encoding="utf-8") for name in STRATEGIES}
    return {name: str(tomllib.loads(text)["instruction"]).strip() for name, text in texts.items()}


def direct_answer(problem: Problem) -> str:
    """Return the answer alone."""
    return f"Answer: {problem.answer}"


def worked_answer(problem: Problem) -> str:
    """Return the family's own work, then the answer."""
    return f"{problem.work}\n{direct_answer(problem)}" if problem.work else direct_answer(problem)


def answer_under(strategy: str, problem: Problem) -> str:
    """Return what the teacher answers under `strategy`: the work if it is the winning one, else the form."""
    if strategy == WINNERS[problem.family]:
        return worked_answer(problem)
    form = _form(strategy, problem)
    return f"{form}\n{direct_answer(problem)}" if form else direct_answer(problem)


def _form(strategy: str, problem: Problem) -> str:
    topic = problem.topic
    return {
        "direct": "",
        "step-by-step": f"Step 1: Look at {topic}.\nStep 2: Give the answer.",
        "explain-then-answer": f"Explanation: this is decided by {topic}.",
        "recall-then-generate": f"Recall: this is about {topic}.",
        "recall-reason-generate": f"Recall: this is about {topic}.\nReasoning: the answer follows.",
        "extract-then-answer": f'Extract: "{_last_sentence(problem.query)}"',
        "guess-and-check": f"Guess: {problem.answer}\nCheck: it fits the question.",
    }[strategy]


def _last_sentence(text: str) -> str:
    return text.replace("? ", ". ").rsplit(". ", 1)[-1]
