"""What the engine does when memory runs out: it goes on with less, and no request is lost."""

from collections.abc import Iterator

import pytest

from orca_desk.machine.devices import Listed
from orca_desk.method.records import Sampling
from orca_desk.teacher.context import Context
from orca_desk.teacher.engine import Completion, Engine, Request
from orca_desk.teacher.live import LiveRequests
from orca_desk.teacher.native import MemoryRanOutError
from orca_desk.teacher.setup import cells_halved


def requests(count: int, tokens: int = 24) -> list[Request]:
    sampling = Sampling(temperature=0.0, max_tokens=tokens)
    return [
        Request(key=f"{n}", ids=(5, 6, 7, 8 + n), prefix=0, sampling=sampling, ends=frozenset())
        for n in range(count)
    ]


@pytest.fixture
def fails_at(monkeypatch):
    """Let memory run out at the decodes with these numbers, counted from now on."""

    def fail(*numbers: int) -> None:
        real, seen = Context.decode, iter(range(10**6))

        def decode(self, *rows) -> bool:
            if next(seen) in numbers:
                raise MemoryRanOutError("The memory of CUDA0 ran out.")
            return real(self, *rows)

        monkeypatch.setattr(Context, "decode", decode)

    return fail


@pytest.fixture
def engine(tiny_llama) -> Iterator[Engine]:
    """An engine with one replica, and more cells than its longest sequence needs."""
    with Engine(tiny_llama.gguf, batch=4, context=128, threads=1) as engine:
        yield engine


def test_answers_are_the_same_after_memory_ran_out_in_the_middle(engine, fails_at):
    expected = {one.key: one.ids for one in engine.generate(requests(9))}
    cells = engine.replicas[0].context.cells
    fails_at(0, 11)
    found = [one for one in engine.generate(requests(9)) if isinstance(one, Completion)]
    assert sorted(one.key for one in found) == sorted(expected)
    assert {one.key: one.ids for one in found} == expected
    assert engine.replicas[0].context.cells < cells
    assert engine.context == 128
    assert len(engine.less) == 2
    assert engine.less[0] == "The memory of CUDA0 ran out. It continues with room for 256 tokens: CPU."


def test_the_caller_is_told_once_the_engine_goes_on(tiny_llama, fails_at):
    told: list[int] = []
    with Engine(
        tiny_llama.gguf,
        batch=4,
        context=128,
        threads=1,
        went_on=lambda: told.append(engine.replicas[0].context.cells),
    ) as engine:
        fails_at(5)
        assert len(list(engine.generate(requests(6)))) == 6
    assert told == [256]


def test_a_streamed_answer_goes_on_where_its_text_was(engine, fails_at):
    def stream() -> dict[str, str]:
        texts = {"0": "", "1": "", "2": ""}

        def add(key: str, text: str) -> None:
            texts[key] += text

        list(engine.generate(requests(3), on_token=add))
        return texts

    expected = stream()
    fails_at(9)
    assert stream() == expected


def test_a_request_whose_prefix_did_not_fit_in_memory_is_not_lost(engine, fails_at):
    ids = tuple(range(5, 35))
    shared = [
        Request(
            key=f"{n}",
            ids=(*ids, 40 + n),
            prefix=30,
            sampling=Sampling(temperature=0.0, max_tokens=8),
            ends=frozenset(),
        )
        for n in range(4)
    ]
    fails_at(0)  # the prefix is decoded first
    assert sorted(one.key for one in engine.generate(shared)) == ["0", "1", "2", "3"]


def test_live_requests_are_asked_again(engine, fails_at):
    live = LiveRequests()
    for request in requests(6):
        live.put(request)
    fails_at(4)
    answered = []
    for outcome in engine.serve(live):
        answered.append(outcome.key)
        if len(answered) == 6:
            live.close()
    assert sorted(answered) == [f"{n}" for n in range(6)]


def test_memory_that_keeps_running_out_is_told(engine, fails_at):
    fails_at(*range(10**4))
    with pytest.raises(MemoryRanOutError, match="The memory of CUDA0 ran out"):
        list(engine.generate(requests(2)))


def test_a_context_that_does_not_fit_is_made_smaller_at_the_start(tiny_llama, monkeypatch):
    real, sizes = Context.__init__, []

    def create(self, model, *, cells: int, **more) -> None:
        sizes.append(cells)
        if cells > 5000:
            raise MemoryRanOutError("no room")
        real(self, model, cells=cells, **more)

    monkeypatch.setattr("orca_desk.teacher.setup.MOST_CELLS", 32_768)
    monkeypatch.setattr(Context, "__init__", create)
    monkeypatch.setattr("orca_desk.teacher.llama.LlamaModel.context", 32_768)
    with Engine(tiny_llama.gguf, batch=1, threads=1) as engine:
        assert sizes == [32_768, 16_384, 8192, 4096]
        assert engine.context == 4096
        assert engine.less == ("no room It continues with room for 4,096 tokens: CPU.",)


def test_a_device_that_holds_nothing_leaves_all_to_the_cpu(tiny_llama):
    device = Listed(name="CUDA0", description="Small", kind="cuda", total=2**20, free=2**20)
    with Engine(tiny_llama.gguf, batch=2, context=128, threads=1, devices=[device]) as engine:
        assert engine.place == "CPU"
        assert len(list(engine.generate(requests(3)))) == 3


def test_cells_are_halved_down_to_what_was_promised(engine):
    setup = engine._setup
    assert setup.cells == 512
    assert cells_halved(setup, 300).cells == 300
    assert cells_halved(setup, 512) is None
