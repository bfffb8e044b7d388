"""What each mini can do, measured on held-out problems: the numbers of the model cards."""

from collections.abc import Callable

from models.recipe.families import WINNERS
from models.recipe.generation import accuracy, answer_all, heldout_problems
from models.recipe.model import Llama
from models.recipe.problem import WORKED_EXAMPLE, Problem
from models.recipe.samples import CAUTIOUS, Writer
from models.recipe.traces import STRATEGIES, instructions

PROBLEMS = 100
Ways = dict[str, Callable[[Problem], list[int]]]  # how a model is asked -> the prompt's ids
Table = dict[str, dict[str, float]]  # how it is asked -> family -> accuracy


def measure(model: Llama, ways: Ways, writer: Writer, seed: int, count: int = PROBLEMS) -> Table:
    """Return the accuracy on `count` held-out problems of every family, asked in every way."""
    table: Table = {}
    for family, problems in heldout_problems(seed, count).items():
        for way, prompt in ways.items():
            responses = answer_all(model, writer, [prompt(problem) for problem in problems])
            table.setdefault(way, {})[family] = accuracy(responses, problems)
    return table


def teacher_ways(writer: Writer) -> Ways:
    """Return the seven strategies' instructions, and no system message at all."""
    systems = instructions()
    ways: Ways = {name: _under(writer, systems[name]) for name in STRATEGIES}
    return ways | {"no system message": _under(writer, "")}


def student_ways(writer: Writer) -> Ways:
    """Return chat under three kinds of system message, and the start of a worked document."""
    systems = instructions()
    return {
        "empty message": _under(writer, ""),
        "cautious message": _under(writer, CAUTIOUS),
        "winner's instruction": lambda problem: writer.prompt(
            systems[WINNERS[problem.family]], problem.user_text
        ),
        "as a document": writer.document_prompt,
    }


def quick_ways(name: str, writer: Writer) -> Ways:
    """Return the two ways that show, while a mini trains, whether it learns what it should."""
    systems = instructions()
    if name == "mini-base":
        return {"worked": writer.document_prompt}
    if name == "mini-student":
        return {"worked": writer.document_prompt, "direct": _under(writer, CAUTIOUS)}
    return {
        "worked": lambda problem: writer.prompt(systems[WINNERS[problem.family]], problem.user_text),
        "direct": _under(writer, systems["direct"]),
    }


def worked_example(model: Llama, writer: Writer, system: str) -> str:
    """Return what a model answers to the John-and-Mark example."""
    return answer_all(model, writer, [writer.prompt(system, WORKED_EXAMPLE)])[0]


def _under(writer: Writer, system: str) -> Callable[[Problem], list[int]]:
    return lambda problem: writer.prompt(system, problem.user_text)
