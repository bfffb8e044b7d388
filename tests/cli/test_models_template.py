"""`orca-desk models template`."""

import json
from pathlib import Path
from typing import Any

import pytest
from chat_templates import QWEN3
from click.testing import CliRunner, Result
from tiny_models import CHATML, TinyModel, make_tiny

from orca_desk.cli.models_template import template
from orca_desk.errors import UserError
from orca_desk.inventory.templates import Overrides


def run(library: Path, *words: object) -> Result:
    arguments = [*map(str, words), "--library", str(library)]
    return CliRunner().invoke(template, arguments, catch_exceptions=False)


def shown(library: Path, *words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(library, *words, "--json").stdout)
    return found


def test_it_is_shown_replaced_and_given_back(tiny_llama: TinyModel, tmp_path: Path) -> None:
    library, mine = tmp_path / "library", tmp_path / "mine.jinja"
    mine.write_text(CHATML.replace("assistant", "helper"))
    first = shown(library, tiny_llama.folder)
    assert (first["own"], first["usable"], first["template"]) == (True, True, CHATML)
    tried = shown(library, tiny_llama.folder, "--file", mine, "--check")
    assert (tried["own"], tried["difference"] is None) == (False, False)
    assert Overrides.in_folder(library).find(tiny_llama.folder) is None
    told = run(library, tiny_llama.folder, "--file", mine)
    assert "Your template for this model" in told.stdout
    assert "Prompts differ from those that the model was trained with" in told.stderr
    assert Overrides.in_folder(library).find(tiny_llama.folder) == mine.read_text()
    assert shown(library, tiny_llama.folder, "--own")["own"] is True
    assert Overrides.in_folder(library).find(tiny_llama.folder) is None


def test_a_switch_is_set(tmp_path: Path) -> None:
    library, thinking = tmp_path / "library", make_tiny(tmp_path / "model", template=QWEN3)
    run(library, thinking.folder, "--switch", "enable_thinking=false")
    assert Overrides.in_folder(library).find(thinking.folder) == "{% set enable_thinking = false %}\n" + QWEN3


def test_what_cannot_be_used_is_refused(tiny_llama: TinyModel, tmp_path: Path) -> None:
    library, bad = tmp_path / "library", tmp_path / "bad.jinja"
    bad.write_text("{{ messages[0].content }}{{ messages[0].content }}")
    with pytest.raises(UserError, match="repeats the user message"):
        run(library, tiny_llama.gguf, "--file", bad)
    with pytest.raises(UserError, match="does not read enable_thinking"):
        run(library, tiny_llama.folder, "--switch", "enable_thinking=false")
    assert run(library, tiny_llama.folder, "--switch", "speed=high").exit_code == 2
    assert run(library, tiny_llama.folder, "--own", "--file", bad).exit_code == 2
    assert run(library, tiny_llama.folder, "--file", bad, "--check").exit_code == 1
