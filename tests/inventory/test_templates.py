"""The user's own chat template for a model: every path uses it."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from new_library import new_library
from tiny_models import CHATML, TinyModel

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student, mini_student_gguf
from orca_desk.inventory.serving import serving_notes
from orca_desk.inventory.student_files import student_folder, student_gguf
from orca_desk.inventory.templates import (
    LONGEST,
    Overrides,
    folder_with_template,
    override_of,
    read_template,
    set_override,
    with_template,
)
from orca_desk.library.database import Library
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.identify import identify
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, silent

OWN = CHATML.replace("assistant\\n", "helper\\n")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as opened:
        yield opened


def test_a_byte_order_mark_is_not_part_of_a_template(tmp_path: Path) -> None:
    file = tmp_path / "notepad.jinja"
    file.write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    assert read_template(file) == OWN.replace("\n", "\r\n")


def test_an_override_belongs_to_the_weights(library: Library, tiny_llama: TinyModel, tmp_path: Path) -> None:
    assert override_of(library, tiny_llama.gguf) is None
    assert set_override(library, tiny_llama.gguf, OWN) is None
    renamed = Path(shutil.copy(tiny_llama.gguf, tmp_path / "renamed.gguf"))
    assert override_of(library, renamed) == OWN
    assert with_template(library, Runner(model=renamed)).as_job()["template"] == OWN
    assert override_of(library, tiny_llama.folder) is None
    assert Overrides.in_folder(library.folder).find(renamed) == OWN
    assert set_override(library, renamed, None) == OWN
    assert override_of(library, tiny_llama.gguf) is None


def test_the_file_in_a_students_folder_has_the_students(library: Library) -> None:
    set_override(library, mini_student(), OWN)
    assert override_of(library, mini_student_gguf()) == OWN
    assert with_template(library, Runner(model=mini_student_gguf())).template == OWN
    set_override(library, mini_student(), None)
    assert override_of(library, mini_student_gguf()) is None


def test_the_models_own_template_is_no_override(library: Library, tiny_llama: TinyModel) -> None:
    set_override(library, tiny_llama.folder, OWN)
    set_override(library, tiny_llama.folder, CHATML)
    assert override_of(library, tiny_llama.folder) is None


@pytest.mark.parametrize("template", ["", " \n", "a" * (LONGEST + 1), "{{ '\ud800' }}"])
def test_what_is_no_template_is_refused(library: Library, tiny_llama: TinyModel, template: str) -> None:
    with pytest.raises(UserError, match="chat template"):
        set_override(library, tiny_llama.gguf, template)


def test_a_setting_that_cannot_be_read_is_none(library: Library, tiny_llama: TinyModel) -> None:
    assert Overrides.in_folder(library.folder / "nothing").find(tiny_llama.gguf) is None
    (library.folder / "damaged").mkdir()
    (library.folder / "damaged" / "library.db").write_text("no database")
    assert Overrides.in_folder(library.folder / "damaged").find(tiny_llama.gguf) is None


def test_a_students_folder_carries_it(library: Library, tiny_llama: TinyModel, tmp_path: Path) -> None:
    folder = tmp_path / "student"
    shutil.copytree(tiny_llama.folder, folder, ignore=shutil.ignore_patterns("*.gguf"))
    assert folder_with_template(library, folder, folder) == folder
    set_override(library, folder, OWN)
    view = folder_with_template(library, folder, folder)
    assert view.name == "student"
    assert view.is_relative_to(library.folder / "cache")
    assert read_chat_template(view) == OWN
    assert read_chat_template(folder) == CHATML
    assert identify(view).parameters == identify(folder).parameters
    assert (view / "model.safetensors").resolve() == (folder / "model.safetensors").resolve()
    assert folder_with_template(library, folder, folder) == view
    # A file that changes makes another view; a view that lost its weights is made again.
    (folder / "generation_config.json").write_text("{}")
    other = folder_with_template(library, folder, folder)
    assert other != view
    assert (other / "generation_config.json").is_file()
    (other / "model.safetensors").unlink()
    assert (folder_with_template(library, folder, folder) / "model.safetensors").exists()
    assert [one.name for one in other.parent.iterdir()] == ["student"]


def test_where_links_are_refused_the_weights_are_copied(
    library: Library, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "not permitted")

    monkeypatch.setattr("os.symlink", refuse)
    monkeypatch.setattr("os.link", refuse)
    set_override(library, tiny_llama.folder, OWN)
    view = folder_with_template(library, tiny_llama.folder, tiny_llama.folder)
    assert not (view / "model.safetensors").is_symlink()
    weights = (tiny_llama.folder / "model.safetensors").read_bytes()
    assert (
        hashlib.sha256((view / "model.safetensors").read_bytes()).digest() == hashlib.sha256(weights).digest()
    )


def test_the_notes_say_it(library: Library, tiny_llama: TinyModel) -> None:
    set_override(library, tiny_llama.gguf, "{{ strftime_now('%Y') }}" + CHATML)
    found = serving_notes(tiny_llama.gguf, overrides=Overrides.of(library))
    assert found.template == ("overridden", "fixed_date")


@pytest.mark.parametrize("kind", ["folder", "gguf"])
def test_the_file_that_serves_a_student_carries_it(
    library: Library, tiny_llama: TinyModel, tmp_path: Path, kind: str
) -> None:
    base: Path = getattr(tiny_llama, kind)
    set_override(library, base, OWN)
    folder = student_folder(library, base, progress=silent, control=JobControl())
    assert folder is not None
    assert read_chat_template(folder) == OWN
    told: list[str] = []
    served = student_gguf(library, base, progress=silent, control=JobControl(), warn=told.append)
    assert served is not None
    if base.is_dir():
        (sentence,) = told
        assert "a chat template other than the one that you gave the folder." in sentence
    assert read_chat_template(served) == OWN
    assert served.is_relative_to(library.folder / "cache")
    set_override(library, base, None)
    assert student_gguf(library, base, progress=silent, control=JobControl()) == tiny_llama.gguf
