"""Greedy answers from a model in training, in batches of prompts of like length; and their accuracy."""

from random import Random

import torch

from models.recipe.families import FAMILIES, draw
from models.recipe.model import Llama
from models.recipe.problem import Problem
from models.recipe.samples import Writer

MOST_TOKENS = 200
BATCH = 64


def heldout_problems(seed: int, count: int) -> dict[str, list[Problem]]:
    """Return `count` held-out problems of every family."""
    rng = Random(f"heldout {seed}")
    return {family: [draw(family, rng, heldout=True) for _ in range(count)] for family in FAMILIES}


@torch.no_grad()
def answer_all(model: Llama, writer: Writer, prompts: list[list[int]]) -> list[str]:
    """Return the greedy continuation of every prompt, up to the end of its turn or text."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    texts = [""] * len(prompts)
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        answers = _continue(model, writer, [prompts[index] for index in part])
        for index, ids in zip(part, answers, strict=True):
            texts[index] = writer.tokenizer.decode(ids)
    return texts


def _continue(model: Llama, writer: Writer, prompts: list[list[int]]) -> list[list[int]]:
    """Return new ids for every prompt; shorter prompts are padded on the left."""
    place = model.norm.device
    ends = {writer.end_of_turn, writer.end_of_text}
    longest = max(map(len, prompts))
    missing = [longest - len(prompt) for prompt in prompts]
    rows = [[0] * gap + prompt for gap, prompt in zip(missing, prompts, strict=True)]
    padding = torch.tensor(missing, device=place)
    hidden, cache = model.hidden(torch.tensor(rows, device=place), padding=padding)
    answers: list[list[int]] = [[] for _ in prompts]
    live = [True] * len(prompts)
    for _ in range(MOST_TOKENS):
        best = model.logits(hidden[:, -1]).argmax(-1)
        for row, token in enumerate(best.tolist()):
            live[row] = live[row] and token not in ends
            if live[row]:
                answers[row].append(token)
        if not any(live):
            break
        hidden, cache = model.hidden(best[:, None], past=cache, padding=padding)
    return answers


def is_right(response: str, problem: Problem) -> bool:
    """Return whether a response's last line equals the answer."""
    return response.rstrip().rsplit("\n", 1)[-1] == f"Answer: {problem.answer}"


def accuracy(responses: list[str], problems: list[Problem]) -> float:
    """Return the share of correct responses."""
    return sum(map(is_right, responses, problems)) / len(problems)
