"""The demo's result is read back from its file as it was written."""

from pathlib import Path

import pytest
from demo_double import small_demo

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.method.statistics import share_of
from orca_desk.steps.demo.result import demo_training, read_result, write_result
from orca_desk.steps.demo.state import demo_state, result_file


def test_a_result_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None
    made = small_demo(tmp_path)
    with Library.open(tmp_path, samples=False) as library:
        write_result(library, made)
        assert demo_state(library) == "finished"
    found = read_result(tmp_path)
    assert found == made
    assert list(found.scores["tuned"]) == ["belief", "words", "overall"]
    assert found.shares("base")["words"] == share_of(3, 10)


@pytest.mark.parametrize("text", ["", "{}", "[]", "{nonsense", '{"adherence_interval": 1}'])
def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    result_file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"demo\.json cannot be read"):
        read_result(tmp_path)


def test_the_id_of_the_demos_training_is_found(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        assert demo_training(library) is None
        set_setting(library, "demo.train", {"run": "train-4", "model": "student.gguf"})
        assert demo_training(library) == "train-4"
