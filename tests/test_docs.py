"""The documents name only files and functions that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAP = ROOT / "docs" / "architecture.md"
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
LINK_OR_FUNCTION = re.compile(rf"{LINK.pattern}|`([\w.]+)\(\)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_function_on_the_map_is_in_the_file_named_before_it() -> None:
    found = [(item, *pair) for item in _items() for pair in _functions(item)]
    assert len(found) > 60
    missing = [(item, name) for item, path, name in found if path is None or name not in defined_in(path)]
    assert missing == []


def test_every_path_on_the_map_exists() -> None:
    paths = re.findall(r"`([\w/]+(?:\.py|/))`", MAP.read_text(encoding="utf-8"))
    assert len(paths) > 10
    real = [path for path in paths if "NAME" not in path]
    assert [
        path for path in real if not any((top / path).exists() for top in (ROOT, ROOT / "orca_desk"))
    ] == []


def test_every_walk_has_as_many_hops_as_it_says() -> None:
    walks = re.findall(
        r"^## Walk [^\n]*\((\d+) hops\)$(.*?)(?=^## )", MAP.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(walks) == 3
    for count, text in walks:
        assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [str(n + 1) for n in range(int(count))]


def _items() -> list[str]:
    """Return the map's list items and paragraphs, each on one line."""
    text = re.sub(r"\n(?=\d+\. |- |\|)", "\n\n", MAP.read_text(encoding="utf-8"))
    return [" ".join(block.split()) for block in text.split("\n\n")]


def _functions(item: str) -> list[tuple[Path | None, str]]:
    """Return the functions that an item names, each with the file that the link before it leads to."""
    path, found = None, []
    for match in LINK_OR_FUNCTION.finditer(item):
        if match[1]:
            path = (MAP.parent / match[1]).resolve()
        else:
            found.append((path, match[2]))
    return found


@cache
def defined_in(path: Path) -> set[str]:
    """Return the functions of a module, and its classes' methods as Class.method."""
    names = set()
    if path.suffix == ".py":
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.ClassDef):
                names |= {
                    f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)
                }
    return names
