"""llama.cpp's side: greedy answers by the engine that also chats and evaluates.

On the CPU, whatever else is there: the limits of `parity.limits` were measured on it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.parity.accounts import END, Ids, Served
from orca_desk.parity.probes import probe_ids
from orca_desk.prompts.messages import Message
from orca_desk.student.safetensors_files import Floats
from orca_desk.teacher.engine import Completion, Engine, Request, RequestFailure

Conversation = Sequence[Message]


def serve_greedily(
    model: Path,
    adapter: Path | None,
    conversations: Sequence[Conversation],
    *,
    tokens: int,
    proceed: Callable[[], bool],
    answered: Callable[[], None] = lambda: None,
) -> Served | None:
    """Answer each conversation with at most `tokens` greedy tokens, with the logits of the first.

    Answers end where llama.cpp by itself ends them, as in any application that uses it. Calls `answered`
    after each. Returns None once `proceed`, called before every token, returns False. Raises UserError when a
    model cannot be used or a prompt does not fit its context.
    """
    base_logits = None if adapter is None else _base_logits(model, conversations, proceed)
    with Engine(model, adapter=adapter, devices=()) as engine:
        prompts = [engine.renderer.prompt(conversation).ids for conversation in conversations]
        answers = _answers(engine, conversations, tokens, proceed, answered)
        if answers is None or (adapter is not None and base_logits is None):
            return None
        logits = np.stack([engine.last_logits(ids) for ids in prompts])
        return Served(
            prompts=tuple(prompts),
            probes=probe_ids(engine.renderer),
            tokens=answers,
            ends=tuple(sorted(engine.tokenizer.own_ends)),
            logits=logits,
            base_logits=logits[:0] if base_logits is None else base_logits,
        )


def _base_logits(
    model: Path, conversations: Sequence[Conversation], proceed: Callable[[], bool]
) -> Floats | None:
    with Engine(model, devices=()) as engine:
        rows = []
        for conversation in conversations:
            if not proceed():
                return None
            rows.append(engine.last_logits(engine.renderer.prompt(conversation).ids))
        return np.stack(rows)


def _answers(
    engine: Engine,
    conversations: Sequence[Conversation],
    tokens: int,
    proceed: Callable[[], bool],
    answered: Callable[[], None],
) -> tuple[Ids, ...] | None:
    sampling = Sampling(temperature=0.0, max_tokens=tokens)
    ends = engine.tokenizer.own_ends
    requests = []
    for place, conversation in enumerate(conversations):
        prompt = engine.renderer.prompt(conversation)
        requests.append(
            Request(key=str(place), ids=prompt.ids, prefix=prompt.prefix, sampling=sampling, ends=ends)
        )
    answers: dict[str, Ids] = {}
    for outcome in engine.generate(requests, cancelled=lambda: not proceed()):
        if isinstance(outcome, RequestFailure):
            raise UserError(outcome.reason, "Choose shorter prompts to compare on.")
        if outcome.finish_reason == "cancelled":
            return None
        answers[outcome.key] = _with_end(outcome)
        answered()
    return None if len(answers) < len(requests) else tuple(answers[one.key] for one in requests)


def _with_end(answer: Completion) -> Ids:
    return (*answer.ids, END) if answer.finish_reason == "stop" else answer.ids
