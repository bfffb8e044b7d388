"""How much of a model fits on devices: arithmetic alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.models.gguf_header import read_header
from orca_desk.teacher.offload import (
    SPARED_BYTES,
    SPARED_SHARE,
    ModelLayout,
    device_layers,
    layout_of,
    place,
)

MIB, GIB = 2**20, 2**30
# The shape of Llama 3.1 8B in Q4_K_M
LARGE = ModelLayout(
    parameters=8_030_000_000,
    context=131_072,
    blocks=(140 * MIB,) * 32,
    output=412 * MIB,
    cached=(2048,) * 32,
    width=4096,
    ffn=14_336,
    vocab=128_256,
    packable=True,
)


def placed(layout: ModelLayout, *free: int, **more):
    """Place `layout` on devices with so many free bytes, 32,768 cells and 24 rows of logits."""
    names = [f"CUDA{number}" for number in range(len(free))]
    asked = {"wanted": 131_072, "enough": 32_768, "cache": None, "outputs": 24} | more
    return place(layout, names, free, **asked)


def test_a_model_that_fits_goes_whole_to_the_device_with_as_many_cells_as_fit():
    large, small = placed(LARGE, 24 * GIB), placed(LARGE, 12 * GIB)
    assert (large.layers, large.cache, large.cells) == (33, "F16", 131_072)
    assert (small.layers, small.cache) == (33, "F16")
    assert 32_768 < small.cells < 65_536


def test_keys_and_values_are_quantised_where_only_that_lets_the_whole_model_fit():
    assert (placed(LARGE, 8 * GIB).layers, placed(LARGE, 8 * GIB).cache) == (33, "Q8_0")
    chosen = placed(LARGE, 8 * GIB, cache="F16")
    assert (chosen.cache, chosen.layers < 33) == ("F16", True)
    odd = placed(replace(LARGE, packable=False), 8 * GIB)
    assert (odd.cache, odd.layers < 33) == ("F16", True)
    assert placed(LARGE, 24 * GIB, cache="Q8_0").cache == "Q8_0"


def test_part_of_a_model_goes_to_a_device_that_is_too_small_for_the_rest():
    part = placed(LARGE, 4 * GIB)
    assert 0 < part.layers < 33
    assert (part.total, part.cells, part.cache, part.devices) == (33, 32_768, "F16", ("CUDA0",))


def test_nothing_goes_to_a_device_without_room():
    none = placed(LARGE, 300 * MIB)
    assert (none.layers, none.devices, none.shares) == (0, (), ())


def test_several_devices_share_the_layers_by_their_room():
    both = placed(LARGE, 3 * GIB, 9 * GIB)
    assert both.layers == 33
    (first, middle), (start, end) = device_layers(LARGE, both.shares, both.layers)
    assert (first, middle, end) == (0, start, 33)
    assert middle - first < end - start
    assert placed(LARGE, 100 * MIB, 24 * GIB).devices == ("CUDA1",)


@given(
    free=st.lists(st.integers(0, 40 * GIB), min_size=1, max_size=4),
    cells=st.integers(256, 65_536),
    outputs=st.integers(1, 136),
    blocks=st.lists(st.integers(MIB, 900 * MIB), min_size=1, max_size=40),
)
def test_no_device_gets_more_than_it_has(free, cells, outputs, blocks):
    layout = replace(LARGE, blocks=tuple(blocks), cached=(1024,) * len(blocks))
    found = placed(layout, *free, wanted=2 * cells, enough=cells, outputs=outputs)
    assert found.cells >= cells
    for name, (first, last) in zip(
        found.devices, device_layers(layout, found.shares, found.layers), strict=True
    ):
        size = free[int(name.removeprefix("CUDA"))]
        taken = layout.weights(first, last) + layout.cache(first, last, found.cells, found.cache)
        assert taken + layout.computing(found.cells, outputs) + SPARED_BYTES * 0.99 <= size
        assert taken <= size * (1 - SPARED_SHARE)


@given(
    layers=st.integers(1, 100),
    room=st.lists(st.integers(1, 50), min_size=1, max_size=5),
)
def test_every_layer_lies_on_one_device(layers, room):
    layout = replace(LARGE, blocks=(MIB,) * 99, cached=(1,) * 99)
    ranges = device_layers(layout, [size / sum(room) for size in room], layers)
    covered = [layer for first, last in ranges for layer in range(first, last)]
    assert covered == list(range(100 - layers, 100))


def test_a_layout_counts_every_tensor_but_the_embedding(tiny_llama):
    header = read_header(tiny_llama.gguf)
    layout = layout_of(tiny_llama.gguf)
    sizes = sum(header.tensor_bytes.values())
    embedding = header.tensors["token_embd.weight"]
    of_embedding = embedding.shape[0] * embedding.row_bytes
    tied = "output.weight" not in header.tensors
    assert layout.weights(0, layout.layers) == sizes - (0 if tied else of_embedding)
    assert layout.layers == len(layout.blocks) + 1
    assert layout.parameters == header.elements.total()


@pytest.mark.parametrize("name", ["mini-teacher", "mini-student"])
def test_the_bundled_models_have_a_layout(name):
    layout = layout_of(Path("models") / name / f"{name}.gguf")
    assert min(layout.blocks) > 0
    assert layout.packable
