"""What an export is asked for: its formats, its names, and the run that it finds again."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.steps.export.formats import MERGED, Format
from orca_desk.steps.export.request import ExportRequest, default_name, request_from_json


def asked(*formats: Format, **more: object) -> ExportRequest:
    return ExportRequest(training="train-1", formats=formats, out=Path("/tmp/x"), name="tuned", **more)


@given(st.sets(st.sampled_from(Format), min_size=1), st.integers(0, 500), st.booleans())
def test_a_stored_request_comes_back(formats: set[Format], heldout: int, override: bool) -> None:
    request = asked(*formats, heldout=heldout, override=override)
    assert request_from_json(request.to_json()) == request
    assert request.identity() == replace(request, override=not override).identity()
    assert set(request.merged) >= formats & set(MERGED)
    assert request.merged == tuple(sorted(request.merged, key=list(Format).index))


@pytest.mark.parametrize(
    ("formats", "packed"),
    [
        ([Format.F16], None),
        ([Format.OLLAMA], Format.Q8_0),
        ([Format.LM_STUDIO, Format.F16], Format.F16),
        ([Format.Q4_K_M, Format.OLLAMA, Format.Q6_K], Format.Q4_K_M),
    ],
)
def test_applications_get_the_smallest_file(formats: list[Format], packed: Format | None) -> None:
    assert asked(*formats).packed == packed


def test_what_is_no_export_is_refused() -> None:
    with pytest.raises(UserError, match="No format"):
        asked()
    for name in ("", "a/b", "../x", ".hidden", "a b", "x" * 97, "tuned."):
        with pytest.raises(UserError, match="not a valid name"):
            replace(asked(Format.F16), name=name)
    for name in ("con", "NUL.v2", "Lpt1"):
        with pytest.raises(UserError, match="device"):
            replace(asked(Format.F16), name=name)
    with pytest.raises(UserError, match="not a valid publisher"):
        asked(Format.F16, publisher="a/b")
    with pytest.raises(UserError, match="negative"):
        asked(Format.F16, heldout=-1)
    with pytest.raises(UserError, match="Another version"):
        request_from_json({**asked(Format.F16).to_json(), "formats": ["q3_k"]})


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct-train-1"),
        ("qwen2.5-0.5b-instruct-q4_k_m.gguf", "qwen2.5-0.5b-instruct-train-1"),
        ("my model (v2)", "my-model-v2-train-1"),
        ("models--org--Name-1B/snapshots/abc", "Name-1B-train-1"),
        ("模型", "student-train-1"),
    ],
)
def test_the_name_is_that_of_the_base_and_the_training(base: str, name: str) -> None:
    assert default_name(Path("models") / base, "train-1") == name
    assert replace(asked(Format.F16), name=name).name == name
