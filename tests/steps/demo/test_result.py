"""What the demo found comes back from its file as it was written."""

import json
from pathlib import Path

import pytest
from demo_double import small_demo

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.method.statistics import share_of
from orca_desk.steps.demo.place import result_file
from orca_desk.steps.demo.result import demo_training, read_result
from orca_desk.steps.demo.walk import summary


def test_the_result_comes_back(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None
    made = small_demo(tmp_path)
    result_file(tmp_path).write_text(json.dumps(summary(made)), encoding="utf-8")
    found = read_result(tmp_path)
    assert found is not None
    assert list(found.scores["tuned"]) == ["belief", "words", "overall"]
    assert found.scores["tuned"]["overall"] == made.tuned.overall
    assert found.shares("base")["words"] == share_of(3, 10)
    assert found.runs == {"base": "evaluate-1", "tuned": "evaluate-2", "teacher": "evaluate-3"}
    assert (found.gain, found.gap) == (made.gain, made.gap)
    assert (found.adherence, found.adherence_of) == (0.9, 20)
    assert (found.question, found.worked) == (made.question, made.worked)


@pytest.mark.parametrize("text", ["", "{}", "[]", "{nonsense", '{"adherence_interval": 1}'])
def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    result_file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"demo\.json cannot be read"):
        read_result(tmp_path)


def test_the_demos_training_is_known(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        assert demo_training(library) is None
        set_setting(library, "demo.train", {"run": "train-4", "model": "student.gguf"})
        assert demo_training(library) == "train-4"
