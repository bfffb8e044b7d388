"""The licence that a model states."""

from pathlib import Path

import pytest

from orca_desk.inventory.bundled import mini_student, mini_teacher
from orca_desk.models.identify import identify
from orca_desk.models.licence import licence_of_folder


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlicense: apache-2.0\nlanguage: en\n---\n# A model\n", "apache-2.0"),
        ("---\r\nlicense: 'mit'  # as the base\r\n---\r\n", "mit"),
        ("---\nlicense: other\nlicense_name: llama3.2\n---\n", "llama3.2"),
        ("---\nlicense: other\n---\n", "other"),
        ("---\nlicense: [mit]\n---\n", "mit"),
        ("---\nlicense:\ntags: [a]\n---\n", ""),
        ("# A model\n\nlicense: mit\n", ""),
        ("---\nlicense: mit\n", ""),
        ("", ""),
    ],
)
def test_a_folder_states_it_in_its_card(tmp_path: Path, readme: str, licence: str) -> None:
    (tmp_path / "README.md").write_bytes(readme.encode())
    assert licence_of_folder(tmp_path) == licence


def test_without_a_card_it_is_not_stated(tmp_path: Path) -> None:
    assert licence_of_folder(tmp_path) == ""


def test_the_bundled_models_state_theirs() -> None:
    assert identify(mini_student()).licence == "apache-2.0"
    assert identify(mini_teacher()).licence == "apache-2.0"
