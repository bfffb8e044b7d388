"""How likely a model finds each token of an answer that is there already.

Job: that of `answer`, with "messages": [[role, text], ...], "response" and "best": how many of the likeliest
tokens in each place. Emits `scores` (tokens: [[text, log-probability, [[text, log-probability], ...]], ...]).
"""

import codecs
import math
from typing import TYPE_CHECKING

from orca_desk.method.records import Sampling
from orca_desk.prompts.messages import Message
from orca_desk.workers.answer import open_engine
from orca_desk.workers.runtime import Channel, serve

if TYPE_CHECKING:
    from orca_desk.prompts.tokenizer import Tokenizer

LOWEST = -1000.0  # JSON has no infinity
SCORED_ROWS = 64  # rows of a step that may be scored tokens


def main() -> None:
    """Serve one job."""
    serve(score)


def score(channel: Channel) -> None:
    """Score the answer's tokens, unless the job is stopped first. Fails if it does not fit the context."""
    from orca_desk.errors import UserError
    from orca_desk.teacher.engine import Request, RequestFailure

    job = channel.job
    with open_engine(job, scored=SCORED_ROWS) as engine:
        messages = [Message(role, text) for role, text in job["messages"]]
        rendered = engine.renderer.answered(messages, job["response"])
        request = Request(
            key="answer",
            ids=rendered.ids,
            prefix=0,
            sampling=Sampling(max_tokens=1),
            ends=engine.renderer.ends,
            scores=job["best"],
            scores_prompt=True,
        )
        for outcome in engine.generate([request], cancelled=lambda: not channel.control.proceed()):
            if isinstance(outcome, RequestFailure):
                raise UserError(f"The answer cannot be scored: {outcome.reason}", "Allow a longer context.")
            count = sum(rendered.mask)
            if outcome.finish_reason == "cancelled" or len(outcome.prompt_scores) < count:
                return
            texts = codecs.getincrementaldecoder("utf-8")("replace")
            tokens = [
                [
                    _text(engine.tokenizer, one.token, texts),
                    max(one.logprob, LOWEST) if math.isfinite(one.logprob) else LOWEST,
                    [
                        [engine.tokenizer.decode([token], control=True), max(logprob, LOWEST)]
                        for token, logprob in one.best
                    ],
                ]
                for one in outcome.prompt_scores[-count:]
            ]
            channel.emit({"event": "scores", "tokens": tokens})


def _text(tokenizer: "Tokenizer", token: int, texts: codecs.IncrementalDecoder) -> str:
    """Return what a token adds to the text; a special token its name."""
    piece = tokenizer.piece_bytes(token)
    return texts.decode(piece) if piece else tokenizer.decode([token], control=True)
