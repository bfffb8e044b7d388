"""`lm-eval` against our server: its log-likelihoods, choices and answers are those of the model's logits.

Its three small tasks stand in `tasks`. It needs no tokenizer of the model: it asks the server for the tokens.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_server import LiveServer, live_server
from tiny_models import TinyModel

from orca_desk.method.records import Sampling
from orca_desk.steps.chat.models import ChatModel
from orca_desk.steps.chat.serving import NamedModel
from orca_desk.teacher.engine import Completion, Engine, Request

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.slow

TASKS = Path(__file__).parent / "tasks"
DOCUMENTS = [json.loads(line) for line in (TASKS / "words.jsonl").read_text(encoding="utf-8").splitlines()]
STOPS = (" t", "\n\n")


@pytest.fixture(scope="module")
def server(tiny_llama: TinyModel) -> Iterator[LiveServer]:
    """A server of one model, so that a question about tokens needs no name."""
    models = [NamedModel(name="base", model=ChatModel(part="base", model=tiny_llama.gguf))]
    with live_server(models, batch=4, context=2048) as server:
        yield server


@pytest.fixture(scope="module")
def samples(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Run all three tasks once; return what was logged of each document, by task."""
    out = Path(tmp_path_factory.mktemp("lm-eval"))
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(out / "hf")}
    done = subprocess.run(
        [sys.executable, "-m", "lm_eval", "run", "--model", "local-completions",
         "--model_args", f"model=base,base_url={server.url}/completions,num_concurrent=3",
         "--include_path", str(TASKS), "--tasks", "orca_words,orca_choices,orca_answers",
         "--log_samples", "--output_path", str(out / "results")],
        cwd=TASKS, env=os.environ | offline, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {}
    for path in (out / "results").rglob("samples_*.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found[path.name.removeprefix("samples_").rpartition("_")[0]] = sorted(
            rows, key=lambda row: row["doc_id"]
        )
    return found


@pytest.fixture(scope="module")
def engine(tiny_llama: TinyModel) -> Iterator[Engine]:
    with Engine(tiny_llama.gguf, batch=4, context=2048) as engine:
        yield engine


def likelihood(engine: Engine, text: str, ending: str) -> tuple[float, bool]:
    """Return the log-probability of `ending` after `text`, and whether greedy decoding writes it."""
    start = len(engine.tokenizer.encode(text, control=True))
    ids = engine.tokenizer.encode(text + ending, control=True)
    logits = engine.logits(ids[:-1]).astype(np.float64)[start - 1 :]
    norms = np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)) + logits.max(axis=1)
    own = logits[np.arange(len(logits)), ids[start:]] - norms
    return float(own.sum()), bool((logits.argmax(axis=1) == ids[start:]).all())


def check(engine: Engine, response: list[str], text: str, ending: str) -> None:
    expected, is_greedy = likelihood(engine, text, ending)
    assert float(response[0]) == pytest.approx(expected, abs=2e-3)
    assert response[1] == str(is_greedy)


def test_log_likelihoods(samples: dict[str, list[Any]], engine: Engine) -> None:
    assert len(samples["orca_words"]) == len(DOCUMENTS)
    for row, document in zip(samples["orca_words"], DOCUMENTS, strict=True):
        check(engine, row["resps"][0][0], document["question"], f" {document['answer']}")


def test_choices(samples: dict[str, list[Any]], engine: Engine) -> None:
    for row, document in zip(samples["orca_choices"], DOCUMENTS, strict=True):
        for response, choice in zip(row["resps"], document["choices"], strict=True):
            check(engine, response[0], document["question"], f" {choice}")
        scores = [likelihood(engine, document["question"], f" {one}")[0] for one in document["choices"]]
        assert row["acc"] == (int(np.argmax(scores)) == document["place"])


def test_answers(samples: dict[str, list[Any]], engine: Engine) -> None:
    for row, document in zip(samples["orca_answers"], DOCUMENTS, strict=True):
        request = Request(
            key="a",
            ids=tuple(engine.tokenizer.encode(document["question"], control=True)),
            prefix=0,
            sampling=Sampling(max_tokens=12, stop=STOPS),
            ends=engine.tokenizer.eos_ids,
        )
        (done,) = engine.generate([request])
        assert isinstance(done, Completion)
        assert row["resps"][0][0] == done.text
