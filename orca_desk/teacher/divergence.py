"""How far an adapter moves a model's next-token distributions: KL divergence on the base's own answers."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from orca_desk.method.forgetting import PromptDivergence
from orca_desk.method.records import Sampling
from orca_desk.prompts.messages import Message
from orca_desk.prompts.renderer import Rendered
from orca_desk.teacher.engine import Completion, Engine, Request

ROWS = 16  # whose distributions are compared at once: a vocabulary can have 256,000 tokens


def divergences(
    base: Engine,
    tuned: Engine,
    conversations: Sequence[Sequence[Message]],
    *,
    tokens: int,
    proceed: Callable[[], bool],
) -> Iterator[tuple[int, PromptDivergence]]:
    """Yield the place of each conversation, and what was found on the base's greedy answer to it.

    An answer has at most `tokens` tokens; where the base ends by itself, that decision is compared as well. A
    conversation that is too long for the context is left out. Ends early once `proceed` returns False.
    """
    prompts = [base.renderer.prompt(conversation) for conversation in conversations]
    sampling = Sampling(temperature=0.0, max_tokens=tokens, stop=base.renderer.stops)
    requests = [
        Request(
            key=str(place),
            ids=prompt.ids,
            prefix=prompt.prefix,
            sampling=sampling,
            ends=base.renderer.ends,
        )
        for place, prompt in enumerate(prompts)
    ]
    answers = {
        int(outcome.key): outcome
        for outcome in base.generate(requests, cancelled=lambda: not proceed())
        if isinstance(outcome, Completion) and outcome.finish_reason != "cancelled"
    }
    for place, answer in sorted(answers.items()):
        if not proceed():
            return
        if len(prompts[place].ids) + len(answer.ids) <= min(base.context, tuned.context):
            yield place, _compare(base, tuned, prompts[place], answer)


def _compare(base: Engine, tuned: Engine, prompt: Rendered, answer: Completion) -> PromptDivergence:
    """Return the divergence at each token of the base's answer, and at its end."""
    ids = [*prompt.ids, *answer.ids]
    if answer.finish_reason == "length":
        ids.pop()  # what would follow it was not asked
    first = len(prompt.ids) - 1  # the logits after the prompt's last token choose the answer's first
    ours, theirs = (engine.logits(ids)[first:] for engine in (base, tuned))
    nats = sum(
        float(kl_divergence(ours[start : start + ROWS], theirs[start : start + ROWS]).sum())
        for start in range(0, len(ours), ROWS)
    )
    changed = int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum())
    return PromptDivergence(tokens=len(ours), nats=nats, changed=changed)


def kl_divergence(base: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return KL(base || other) in nats for each row of logits, [rows, vocabulary]."""
    ours, theirs = _log_softmax(base), _log_softmax(other)
    # rounding can leave a divergence of 0 just below it
    return np.asarray(np.maximum((np.exp(ours) * (ours - theirs)).sum(axis=1), 0.0), np.float64)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)
