"""How likely a model finds each token of an answer: asked of a worker once, then read from the library."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.inventory.student_files import served_file
from orca_desk.inventory.templates import override_of
from orca_desk.library.database import Library
from orca_desk.library.locations import log_folder
from orca_desk.library.token_scores import store_scores, stored_scores
from orca_desk.models.hashes import HashCache
from orca_desk.processes.asking import Runner
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.prompts.messages import Message

BEST = 3  # of the likeliest tokens in each place


@dataclass(frozen=True, kw_only=True)
class ScoredText:
    """An answer and what it answers, to be scored by a model, perhaps with an adapter."""

    model: Path
    adapter: Path | None = None
    messages: tuple[Message, ...]
    response: str


@dataclass(frozen=True, kw_only=True)
class ScoredToken:
    """A token's text, its natural log-probability, and the likeliest tokens in its place, best first."""

    text: str
    logprob: float
    best: tuple[tuple[str, float], ...]

    @property
    def probability(self) -> float:
        """The probability, 0 to 1."""
        return math.exp(self.logprob)


def known_scores(library: Library, text: ScoredText) -> list[ScoredToken] | None:
    """Return an answer's scores if they were computed before. Raises UserError for an unreadable model."""
    stored = stored_scores(library, _key(library, text)) if text.model.exists() else None
    return None if stored is None else _tokens(stored)


def score_tokens(
    library: Library,
    text: ScoredText,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> list[ScoredToken] | None:
    """Return the tokens of an answer with their log-probabilities; None when the job was stopped.

    Raises UserError when the model cannot be used, or the answer does not fit its context.
    """
    control = control or JobControl()
    log = log_folder(library) / "score.log"
    model = served_file(
        library, text.model, adapter=text.adapter, progress=progress, control=control, log=log
    )
    if model is None:
        return None
    if not model.exists():
        raise UserError(f"The model {model.name} is missing.", "Choose another answer, or add it on Models.")
    text = ScoredText(model=model, adapter=text.adapter, messages=text.messages, response=text.response)
    key = _key(library, text)
    if (stored := stored_scores(library, key)) is not None:
        return _tokens(stored)
    runner = Runner(model=model, adapter=text.adapter, batch=1, template=override_of(library, model))
    found: list[list[Any]] = []
    job = runner.as_job() | {
        "messages": [[message.role, message.content] for message in text.messages],
        "response": text.response,
        "best": BEST,
    }
    run_worker(
        "score",
        job,
        on_events=lambda events: found.extend(one["tokens"] for one in events if one["event"] == "scores"),
        control=control,
        log=log,
    )
    if not found:
        if control.stopped:
            return None
        raise RuntimeError("The worker ended without scores.")
    store_scores(library, key, found[0])
    return _tokens(found[0])


def mean_logprob(tokens: Sequence[ScoredToken]) -> float:
    """Return the mean log-probability per token, in nats; 0 without any token."""
    return sum(one.logprob for one in tokens) / len(tokens) if tokens else 0.0


def _key(library: Library, text: ScoredText) -> str:
    """Return the hash of all that the scores depend on. Reads a file that was never hashed."""
    cache = HashCache(library.folder)
    parts = [
        cache.sha256(text.model),
        cache.sha256(text.adapter) if text.adapter else "",
        override_of(library, text.model) or "",
        [[message.role, message.content] for message in text.messages],
        text.response,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _tokens(stored: Sequence[Sequence[Any]]) -> list[ScoredToken]:
    return [
        ScoredToken(text=text, logprob=logprob, best=tuple((other, value) for other, value in best))
        for text, logprob, best in stored
    ]
