"""llama.cpp's side: greedy answers by the engine that also chats and evaluates."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.parity.accounts import END, Ids, Served
from orca_desk.prompts.messages import Message
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

    Calls `answered` after each. Returns None once `proceed`, called before every token, returns False. Raises
    UserError when a model cannot be used or a prompt does not fit its context.
    """
    with Engine(model, adapter=adapter) as engine:
        prompts = [engine.renderer.prompt(conversation) for conversation in conversations]
        sampling = Sampling(temperature=0.0, max_tokens=tokens)
        requests = [
            Request(
                key=str(place),
                ids=prompt.ids,
                prefix=prompt.prefix,
                sampling=sampling,
                ends=engine.tokenizer.eos_ids,
            )
            for place, prompt in enumerate(prompts)
        ]
        answers: dict[str, Ids] = {}
        for outcome in engine.generate(requests, cancelled=lambda: not proceed()):
            if isinstance(outcome, RequestFailure):
                raise UserError(outcome.reason, "Choose shorter prompts to compare on.")
            if outcome.finish_reason == "cancelled":
                return None
            answers[outcome.key] = _with_end(outcome)
            answered()
        if len(answers) < len(requests):
            return None
        return Served(
            prompts=tuple(prompt.ids for prompt in prompts),
            tokens=tuple(answers[request.key] for request in requests),
            logits=np.stack([engine.logits(prompt.ids)[-1] for prompt in prompts]),
        )


def _with_end(answer: Completion) -> Ids:
    return (*answer.ids, END) if answer.finish_reason == "stop" else answer.ids
