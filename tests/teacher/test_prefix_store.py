"""What one replica has read of a shared prefix, the others copy."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from tiny_models import TinyModel

from orca_desk.teacher.context import Context
from orca_desk.teacher.llama import LlamaModel
from orca_desk.teacher.prefix_store import PrefixStore
from orca_desk.teacher.prefixes import PATIENCE, Prefixes

IDS = tuple(range(20, 80))
OTHER = tuple(range(30, 90))
RESERVED = 2
WAIT = 60


@pytest.fixture(params=[False, True], ids=["plain attention", "flash attention"])
def contexts(tiny_llama: TinyModel, request: pytest.FixtureRequest) -> Iterator[list[Context]]:
    with LlamaModel(tiny_llama.gguf) as model:
        made = [
            Context(model, cells=256, sequences=4, threads=1, flash_attention=request.param) for _ in range(2)
        ]
        yield made
        for context in made:
            context.close()


def prefixes(context: Context, store: PrefixStore) -> Prefixes:
    return Prefixes(context, range(RESERVED, 4), store)


def next_logits(context: Context, sequence: int) -> np.ndarray:
    """Return the logits of the token that follows IDS."""
    context.copy_sequence(sequence, 0)
    assert context.decode([7], [len(IDS)], [0], [1])
    found: np.ndarray = context.logits(1)[0].copy()
    context.drop_sequence(0)
    return found


def test_a_copy_is_what_reading_gives(contexts: list[Context]) -> None:
    store = PrefixStore()
    first, second = (prefixes(context, store) for context in contexts)
    read = first.add(IDS)
    assert read
    expected = next_logits(contexts[0], read.sequence)
    contexts[1].decode = _never_called  # type: ignore[assignment,method-assign]
    copied = second.add(IDS)
    del contexts[1].decode
    assert copied
    np.testing.assert_array_equal(next_logits(contexts[1], copied.sequence), expected)


def test_a_prefix_that_was_dropped_is_not_read_again(contexts: list[Context]) -> None:
    held = prefixes(contexts[0], PrefixStore())
    read = held.add(IDS)
    assert read
    expected = next_logits(contexts[0], read.sequence)
    for _ in range(PATIENCE):
        held.find(OTHER)
    assert held.cells == 0
    contexts[0].decode = _never_called  # type: ignore[assignment,method-assign]
    again = held.add(IDS)
    del contexts[0].decode
    assert again
    np.testing.assert_array_equal(next_logits(contexts[0], again.sequence), expected)


def test_a_copy_without_room_leaves_the_cache_as_it_was(contexts: list[Context]) -> None:
    store = PrefixStore()
    assert prefixes(contexts[0], store).add(IDS)
    full = 256 - len(IDS) // 2
    assert contexts[1].decode([7] * full, range(full), [1] * full, [0] * full)
    second = prefixes(contexts[1], store)
    assert second.add(IDS) is None and second.cells == 0
    contexts[1].drop_sequence(1)
    assert second.add(IDS) is not None


def test_a_state_too_large_for_the_store_is_not_kept(contexts: list[Context]) -> None:
    store = PrefixStore(most=100)
    assert prefixes(contexts[0], store).add(IDS)
    with store.reading(IDS) as state:
        assert state is None


def test_a_machine_with_little_memory_keeps_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orca_desk.teacher.prefix_store.free_memory", lambda: 1600)
    assert PrefixStore().most == 100


def test_the_states_used_last_stay() -> None:
    store, state = PrefixStore(most=25), np.zeros(10, np.uint8)
    for ids in ((1,), (2,)):
        store.put(ids, state)
    with store.reading((1,)):
        pass
    store.put((3,), state)
    found = {}
    for ids in ((1,), (2,), (3,)):
        with store.reading(ids) as kept:
            found[ids] = kept is not None
    assert found == {(1,): True, (2,): False, (3,): True}


def test_who_wants_what_another_reads_waits_for_it() -> None:
    store, state = PrefixStore(), np.zeros(1, np.uint8)
    found: list[object] = []

    def want() -> None:
        with store.reading((1,)) as kept:
            found.append(kept)

    with store.reading((1,)) as kept:
        assert kept is None
        other = threading.Thread(target=want)
        other.start()
        with store.reading((2,)) as unrelated:
            assert unrelated is None
        assert found == []
        store.put((1,), state)
    other.join(WAIT)
    assert found == [state]


def test_who_waited_reads_it_where_the_first_failed() -> None:
    store = PrefixStore()
    with pytest.raises(LookupError), store.reading((1,)):
        raise LookupError
    with store.reading((1,)) as kept:
        assert kept is None


def _never_called(*_: object) -> bool:
    raise AssertionError("a prefix was read twice")
