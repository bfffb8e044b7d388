"""Requests that arrive while others run: they join, and each can be dropped wherever it stands."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tiny_models import TinyModel

from orca_desk.method.records import Sampling
from orca_desk.teacher.engine import Completion, Engine, Request, RequestFailure
from orca_desk.teacher.live import LiveRequests

TEXT = "John puts the ball in the basket and leaves. "
WAIT = 60


class Run:
    """An engine that serves in a thread; what it tells lands in queues."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.live = engine, LiveRequests()
        self.ended: queue.Queue[Completion | RequestFailure] = queue.Queue()
        self.texts: queue.Queue[tuple[str, str]] = queue.Queue()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        for outcome in self.engine.serve(self.live, on_token=lambda *told: self.texts.put(told)):
            self.ended.put(outcome)

    def request(self, key: str, tokens: int, text: str = TEXT) -> Request:
        ids = tuple(self.engine.tokenizer.encode(text, control=False))
        sampling = Sampling(max_tokens=tokens)
        return Request(key=key, ids=ids, prefix=0, sampling=sampling, ends=frozenset())

    def close(self) -> None:
        self.live.close()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()


@pytest.fixture(params=[1, None], ids=["one replica", "a replica per core"])
def run(tiny_llama: TinyModel, request: pytest.FixtureRequest) -> Iterator[Run]:
    with Engine(tiny_llama.gguf, batch=4, context=2048, threads=request.param) as engine:
        made = Run(engine)
        yield made
        made.close()


def test_a_request_that_comes_later_does_not_wait_for_the_earlier(run: Run) -> None:
    run.live.put(run.request("long", 1900))
    assert run.texts.get(timeout=WAIT)[0] == "long"
    run.live.put(run.request("short", 3))
    first = run.ended.get(timeout=WAIT)
    assert isinstance(first, Completion) and (first.key, first.completion_tokens) == ("short", 3)
    assert run.live.drop("long") is False
    second = run.ended.get(timeout=WAIT)
    assert isinstance(second, Completion)
    assert (second.key, second.finish_reason) == ("long", "cancelled") and second.completion_tokens < 1900


def test_an_idle_engine_wakes_up(run: Run) -> None:
    for key in ("one", "two", "three"):
        run.live.put(run.request(key, 2))
        assert run.ended.get(timeout=WAIT).key == key


def test_a_prompt_can_be_dropped_while_it_is_read(run: Run) -> None:
    """Without the drop, its answer would stream text first."""
    whole = run.request("dropped", 20, TEXT * 150)
    run.live.dropped.add("dropped")  # as if it came between the queue and the first step
    run.live.put(whole)
    outcome = run.ended.get(timeout=WAIT)
    assert isinstance(outcome, Completion) and outcome.finish_reason == "cancelled"
    assert outcome.completion_tokens <= 1
    run.live.forget("dropped")
    run.live.put(replace(whole, key="again"))
    assert run.ended.get(timeout=WAIT).key == "again"


def test_what_nobody_has_taken_is_dropped_without_a_word() -> None:
    live = LiveRequests()
    request = Request(key="a", ids=(1,), prefix=0, sampling=Sampling(), ends=frozenset())
    live.put(request)
    assert live.drop("a") is True
    assert live.take(wait=False) is None and not live.dropped


def test_busy_replicas_share_what_waits() -> None:
    """Two replicas with one answer each, and ten more that come at once: each takes five."""
    live, together, loads = LiveRequests(), threading.Barrier(3), list[int]()

    def put(count: int) -> None:
        for key in range(count):
            live.put(Request(key=str(key), ids=(1,), prefix=0, sampling=Sampling(), ends=frozenset()))

    def replica() -> None:
        load = 1 if live.take(wait=True) else 0
        together.wait(WAIT)
        live.take(wait=False, load=load)
        together.wait(WAIT)
        together.wait(WAIT)
        while live.take(wait=False, load=load):
            load += 1
        loads.append(load)

    threads = [threading.Thread(target=replica) for _ in range(2)]
    for thread in threads:
        thread.start()
    put(2)
    together.wait(WAIT)
    together.wait(WAIT)
    put(10)
    together.wait(WAIT)
    for thread in threads:
        thread.join(WAIT)
    assert loads == [6, 6]


def test_a_replica_that_is_alone_takes_all_and_leaves_one_to_an_idle_one() -> None:
    live = LiveRequests()
    for key in range(4):
        live.put(Request(key=str(key), ids=(1,), prefix=0, sampling=Sampling(), ends=frozenset()))
    live._idle = 1
    assert [bool(live.take(wait=False, load=load)) for load in range(4)] == [True, True, True, False]


def test_only_what_asks_for_text_gets_it(run: Run) -> None:
    run.live.put(replace(run.request("silent", 5), streams=False))
    assert run.ended.get(timeout=WAIT).key == "silent"
    run.live.put(run.request("loud", 5))
    assert run.ended.get(timeout=WAIT).key == "loud"
    told = {run.texts.get_nowait()[0] for _ in range(run.texts.qsize())}
    assert told == {"loud"}


def test_an_answer_that_starts_again_is_not_told_twice(
    tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a sliding window leaves less room than promised: the newest answer waits, and starts again."""
    monkeypatch.setattr("orca_desk.teacher.setup.MOST_CELLS", 256)
    with Engine(tiny_llama.gguf, batch=8, context=256, threads=1) as engine:
        ids = tuple(engine.tokenizer.encode(TEXT, control=False))
        requests = [
            Request(
                key=str(key), ids=(*ids, key), prefix=0, sampling=Sampling(max_tokens=100), ends=frozenset()
            )
            for key in range(20, 26)
        ]
        told: dict[str, str] = {}
        engine.replicas[0].context.cells = 100_000  # what the scheduler then believes

        def tell(key: str, text: str) -> None:
            told[key] = told.get(key, "") + text

        for outcome in engine.generate(requests, on_token=tell):
            assert isinstance(outcome, Completion)
            assert told[outcome.key] == outcome.text
    assert len(told) == len(requests)
