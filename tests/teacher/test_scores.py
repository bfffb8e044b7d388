"""The log-probabilities of prompts and answers are those of the model's logits, however they are batched."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_models import TinyModel

from orca_desk.method.records import Sampling
from orca_desk.teacher.engine import Completion, Engine, Request
from orca_desk.teacher.scores import score

TEXT = "John puts the ball in the basket and leaves. Mark moves it to the box. "


@pytest.fixture(scope="module", params=[0, 64])
def engine(tiny_llama: TinyModel, request: pytest.FixtureRequest) -> Iterator[Engine]:
    with Engine(tiny_llama.gguf, batch=4, context=1024, scored=request.param) as engine:
        yield engine


def ask(engine: Engine, key: str, text: str, count: int | None, *, prompt: bool = True) -> Request:
    return Request(
        key=key,
        ids=tuple(engine.tokenizer.encode(text, control=True)),
        prefix=16,
        sampling=Sampling(max_tokens=5),
        ends=frozenset(),
        scores=count,
        scores_prompt=prompt,
    )


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def answers(engine: Engine, requests: list[Request]) -> dict[str, Completion]:
    return {one.key: one for one in engine.generate(requests) if isinstance(one, Completion)}


def test_scores_are_the_log_softmax_of_the_logits_in_a_mixed_batch(engine: Engine) -> None:
    """Long and short prompts, with and without scores, so that their rows mix in every step."""
    requests = [
        ask(engine, "long", TEXT * 12, 3),
        ask(engine, "short", TEXT, 1),
        ask(engine, "plain", TEXT * 2, None, prompt=False),
        ask(engine, "answer", TEXT * 2 + "So", 2, prompt=False),
        *(ask(engine, f"more {index}", TEXT[index:], 0) for index in range(6)),
    ]
    found = answers(engine, requests)
    for request in requests:
        done = found[request.key]
        expected = log_softmax(engine.logits([*request.ids, *done.ids]))
        rows = [*(done.prompt_scores if request.scores_prompt else ()), *done.scores]
        start = 0 if request.scores_prompt else len(request.ids) - 1
        assert len(rows) == (0 if request.scores is None else len(request.ids) + 4 - start)
        for place, row in enumerate(rows, start):
            assert row.token == [*request.ids, *done.ids][place + 1]
            assert row.logprob == pytest.approx(expected[place, row.token], abs=1e-3)
            assert len(row.best) == request.scores
            if row.best:
                assert row.best[0][1] == pytest.approx(expected[place].max(), abs=1e-3)
    alone = answers(engine, [replace(requests[2], scores=None)])["plain"]
    assert alone.ids == found["plain"].ids and alone.scores == ()


def test_the_token_that_ends_an_answer_is_scored_too(engine: Engine) -> None:
    first = answers(engine, [ask(engine, "a", TEXT, 1)])["a"]
    ended = answers(engine, [replace(ask(engine, "a", TEXT, 1), ends=frozenset({first.ids[0]}))])["a"]
    assert ended.ids == () and ended.finish_reason == "stop"
    assert ended.scores == first.scores[:1]


def test_a_likeliest_token_has_exactly_the_best_score() -> None:
    logits = np.array([[1.0, 7.25, 7.25, -3.0]], np.float32)
    (second,) = score(logits, [2], 1)
    assert second.logprob == second.best[0][1]
    (all_of_them,) = score(logits, [3], 10)
    assert sorted(token for token, _ in all_of_them.best) == [0, 1, 2, 3]
    assert [value for _, value in all_of_them.best] == sorted(
        (value for _, value in all_of_them.best), reverse=True
    )
