"""Greedy answers from a model in training, in batches of prompts of one length; and their accuracy."""

from collections import defaultdict
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
    order = defaultdict(list)
    for index, prompt in enumerate(prompts):
        order[len(prompt)].append(index)
    texts = [""] * len(prompts)
    for indices in order.values():
        for start in range(0, len(indices), BATCH):
            part = indices[start : start + BATCH]
            answers = _continue(model, writer, [prompts[index] for index in part])
            for index, ids in zip(part, answers, strict=True):
                texts[index] = writer.tokenizer.decode(ids)
    return texts


def _continue(model: Llama, writer: Writer, prompts: list[list[int]]) -> list[list[int]]:
    """Return new ids for prompts of equal length."""
    place = model.norm.device
    ends = {writer.end_of_turn, writer.end_of_text}
    ids = torch.tensor(prompts, device=place)
    hidden, cache = model.hidden(ids)
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
        hidden, cache = model.hidden(best[:, None], past=cache)
    return answers


def is_right(response: str, problem: Problem) -> bool:
    """Say whether a response's last line is the answer, to the letter."""
    return response.rstrip().rsplit("\n", 1)[-1] == f"Answer: {problem.answer}"


def accuracy(responses: list[str], problems: list[Problem]) -> float:
    """Return the share of right responses."""
    return sum(map(is_right, responses, problems)) / len(problems)
