"""A Modelfile as Ollama reads it: texts stand verbatim between quotes, up to a line that ends in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.steps.export.ollama import QUOTES, modelfile


def read(text: str) -> dict[str, list[str]]:
    """Return the arguments by instruction, by the rules of Ollama's parser."""
    found: dict[str, list[str]] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        name, _, value = line.partition(" ")
        while (own := unquoted(value)) is None:
            value += "\n" + next(lines)
        found.setdefault(name, []).append(own)
    return found


def unquoted(text: str) -> str | None:
    text = text.strip()
    for quotes in (QUOTES, '"'):
        if text.startswith(quotes):
            whole = len(text) >= 2 * len(quotes) and text.endswith(quotes)
            return text[len(quotes) : -len(quotes)] if whole else None
    return text


def made(**more: object) -> str:
    usual = {"gguf": "m.gguf", "template": None, "stops": (), "system": "", "licence": "", "licence_text": ""}
    return modelfile(**(usual | more))


@given(st.text(st.sampled_from('a" \n{}#'), max_size=30), st.text(st.sampled_from('b"\n'), max_size=9))
def test_texts_come_back_or_are_left_out_aloud(system: str, template: str) -> None:
    text = made(system=system, template=template)
    found = read(text)
    if "SYSTEM" in found:
        assert found["SYSTEM"] == [system]
    else:
        assert system == "" or "# SYSTEM is left out" in text
    if "TEMPLATE" in found:
        assert found["TEMPLATE"] == [template]
    else:
        assert "# TEMPLATE is left out" in text


def test_everything_has_its_instruction() -> None:
    text = made(template="{{ .X }}", stops=["<|im_end|>", '"""', "a\nb"], system="Be kind.", licence="mit")
    assert read(text) == {
        "FROM": ["./m.gguf"],
        "TEMPLATE": ["{{ .X }}"],
        "PARAMETER": ['stop "<|im_end|>"', 'stop """""', "temperature 0"],
        "SYSTEM": ["Be kind."],
        "LICENSE": ["mit"],
    }
    assert "ADAPTER" not in text


@pytest.mark.parametrize("missing", ["TEMPLATE", "SYSTEM", "LICENSE"])
def test_what_is_missing_has_no_instruction(missing: str) -> None:
    text = made()
    assert missing not in read(text)
    assert "no licence" in text
    assert "there is no TEMPLATE here" in text
