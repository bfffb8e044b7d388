"""Models can be told apart by their names."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.inventory.names import with_distinct_names
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.paths import bundled_models

MODEL = identify(bundled_models() / "mini-student" / "mini-student.gguf")


def named(*paths: str) -> list[str]:
    models = [replace(MODEL, path=Path(path), name=Path(path).stem) for path in paths]
    return [one.name for one in with_distinct_names(models) if isinstance(one, ModelFile)]


def test_the_file_names_a_model_whatever_it_calls_itself() -> None:
    assert (MODEL.name, MODEL.title) == ("mini-student", "")  # the file says "huggingface"
    assert named("/a/SmolLM2.Q4_1.gguf", "/a/SmolLM2.Q8_0.gguf") == ["SmolLM2.Q4_1", "SmolLM2.Q8_0"]


def test_equal_names_become_longer_until_they_differ() -> None:
    assert named("/a/qwen", "/b/qwen.gguf") == ["qwen", "qwen.gguf"]
    assert named("/a/model.gguf", "/b/model.gguf", "/b/other.gguf") == [
        "a/model.gguf",
        "b/model.gguf",
        "other",
    ]
    assert named("/x/a/model.gguf", "/y/a/model.gguf") == ["x/a/model.gguf", "y/a/model.gguf"]


@given(st.lists(st.text("ab/", min_size=1, max_size=6), unique_by=lambda text: Path("/" + text), max_size=8))
def test_no_two_models_share_a_name(places: list[str]) -> None:
    names = named(*(f"/{place}" for place in places))
    assert len(set(names)) == len(places)
