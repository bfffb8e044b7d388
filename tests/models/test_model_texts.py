"""Configurations and chat templates: one reader each, for folders and for GGUF files."""

import json
import shutil
from pathlib import Path

import pytest
from chat_templates import QWEN
from tiny_models import CHATML, TinyModel

from orca_desk.errors import UserError
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.config import MAX_BYTES, read_json, read_text
from orca_desk.models.identify import identify
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.student.gguf_tokenizer import read_tokenizer


@pytest.fixture
def folder(tiny_llama: TinyModel, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may change."""
    return Path(shutil.copytree(tiny_llama.folder, tmp_path / "model"))


def set_template(folder: Path, template: object) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"chat_template": template}))


def test_a_folder_and_its_gguf_file_have_the_same_template(tiny_llama: TinyModel) -> None:
    assert read_chat_template(tiny_llama.folder) == read_chat_template(tiny_llama.gguf) == CHATML


@pytest.mark.parametrize("form", ["text", "list", "file", "marked file", "processor's"])
def test_catalogue_trainer_and_converter_read_the_same_template(folder: Path, form: str) -> None:
    if form.endswith("file"):
        encoding = "utf-8-sig" if form == "marked file" else "utf-8"
        (folder / "chat_template.jinja").write_text(QWEN, encoding)
    elif form == "processor's":
        set_template(folder, None)
        (folder / "chat_template.json").write_text(json.dumps({"chat_template": QWEN}))
    else:
        named = [{"name": "tools", "template": "x"}, {"name": "default", "template": QWEN}]
        set_template(folder, QWEN if form == "text" else named)
    model = identify(folder)
    assert read_chat_template(folder) == model.chat_template == QWEN
    assert HFTokenizer.load(folder).chat_template == QWEN
    assert read_tokenizer(folder, model.vocab).chat_template == QWEN


@pytest.mark.parametrize("template", [None, "", [], [{"name": "tools", "template": "x"}], [5]])
def test_a_model_without_a_template_has_none(folder: Path, template: object) -> None:
    set_template(folder, template)
    assert read_chat_template(folder) is None
    (folder / "tokenizer_config.json").unlink()
    assert read_chat_template(folder) is None


def test_a_template_that_is_not_a_text_is_refused(folder: Path) -> None:
    set_template(folder, 5)
    for read in (read_chat_template, identify, HFTokenizer.load):
        with pytest.raises(UserError, match="is not a text"):
            read(folder)
    (folder / "chat_template.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        read_chat_template(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff", "JSON"),
    ],
    ids=["cut", "list", "deep", "binary"],
)
def test_what_is_not_a_json_object_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(UserError, match=r"has no config\.json"):
        read_json(path)
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as refusal:
        read_json(path)
    assert str(path) in refusal.value.message and refusal.value.hint


def test_a_file_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for read in (read_json, read_text):
        with pytest.raises(UserError, match="too large"):
            read(path)
