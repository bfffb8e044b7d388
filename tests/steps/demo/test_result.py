"""The demo's result is read back from its file as it was written."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from demo_double import small_demo
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.settings import set_setting
from orca_desk.method.statistics import share_of
from orca_desk.steps.demo.result import demo_training, read_result, write_result
from orca_desk.steps.demo.state import demo_state, result_file


def test_a_result_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None
    made = small_demo(tmp_path)
    with new_library(tmp_path) as library:
        write_result(library, made)
        assert demo_state(library) == "finished"
    found = read_result(tmp_path)
    assert found == made
    assert list(found.scores["tuned"]) == ["belief", "words", "overall"]
    assert found.shares("base")["words"] == share_of(3, 10)


def test_the_results_of_both_demos_are_kept_apart(tmp_path: Path) -> None:
    mini = small_demo(tmp_path)
    real = replace(mini, student="real")
    with new_library(tmp_path) as library:
        write_result(library, real)
        assert read_result(tmp_path) is None
        write_result(library, mini)
    assert (read_result(tmp_path), read_result(tmp_path, "real")) == (mini, real)


def test_a_result_of_before_there_were_two_demos_is_the_mini_students(tmp_path: Path) -> None:
    stored = small_demo(tmp_path).as_json()
    del stored["student"]
    result_file(tmp_path).write_text(json.dumps(stored), encoding="utf-8")
    assert read_result(tmp_path) == small_demo(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[]", "{nonsense", '{"adherence_interval": 1}'])
def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    result_file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"demo\.json cannot be read"):
        read_result(tmp_path)


def test_the_id_of_the_demos_training_is_found(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        assert demo_training(library) is None
        set_setting(library, "demo.train", {"run": "train-4", "model": "student.gguf"})
        assert demo_training(library) == "train-4"
