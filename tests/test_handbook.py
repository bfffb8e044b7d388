"""The handbook names only commands, screens and chapters that exist, and every page has its chapter."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from orca_desk import handbook
from orca_desk.cli import commands
from orca_desk.handbook import chapter, chapters, glossary, plain_text, search, sections, slug
from orca_desk.paths import handbook as folder

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\[[^\]]+\]\(([^)#]*)(?:#([\w-]+))?\)")
CODE = re.compile(r"`(orca-desk [^`]+)`|^    (orca-desk .+)$", re.MULTILINE)
SCREEN = re.compile(r"\*\*([^*›]+) › ([^*]+)\*\*")
LABEL = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)")
# Words in italics that are stressed or introduced, and not on a button
STRESSED = {"teacher", "student", "think", "final", "benchmark", "on your tasks", "simple"}


def test_the_index_and_the_site_name_every_chapter_in_the_same_order() -> None:
    names = [one.name for one in chapters()]
    assert sorted(names) == sorted(path.stem for path in folder().glob("*.md"))
    site = yaml.safe_load((ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8"))
    assert [file.removesuffix(".md") for file in _files(site["nav"])] == names


@pytest.mark.parametrize("name", [one.name for one in chapters()])
def test_every_link_leads_to_a_heading(name: str) -> None:
    found = chapter(name)
    assert found is not None
    for path, anchor in LINK.findall(found.text):
        target = chapter(path.removesuffix(".md") or name)
        assert target is not None, path
        assert not anchor or anchor in {slug(one.heading) for one in sections(target)}, (path, anchor)


def test_every_command_and_option_exists() -> None:
    said = [match[1] or match[2] for one in chapters() for match in CODE.finditer(one.text)]
    assert len(said) > 40
    assert [problem for line in said if (problem := _problem_of(line))] == []


def test_every_term_is_explained_once_and_found() -> None:
    found = chapter("glossary")
    assert found is not None
    headings = [one.heading for one in sections(found)[1:]]
    assert len(glossary()) == len(headings) > 35
    assert headings == sorted(headings, key=str.casefold)
    for term in ("family", "erase", "leak", "parity", "cautious", "adapter", "rank"):
        assert glossary()[term].endswith(".")
        assert search(term)[0].heading.lower() == term


def test_a_search_wants_every_word() -> None:
    assert search("") == [] and search("nosuchword tasks") == []
    found = search("memory quantised")
    assert found
    for one in found:
        everything = f"{one.chapter.title} {one.heading} {plain_text(one.text)}".casefold()
        assert "memory" in everything and "quantised" in everything


@given(st.text(max_size=30))
def test_any_search_ends(text: str) -> None:
    assert all(one.chapter in chapters() for one in search(text))


def test_the_sections_hold_the_whole_text() -> None:
    for one in chapters():
        kept = "".join(part.text for part in sections(one))
        lines = [line for line in one.text.split("\n") if line and not line.startswith("#")]
        assert all(line in kept for line in lines)


def test_the_command_lists_shows_and_searches() -> None:
    run = CliRunner().invoke
    listed = run(commands, ["handbook"])
    assert listed.exit_code == 0 and "training" in listed.output
    shown = run(commands, ["handbook", "training"])
    assert shown.exit_code == 0 and "Freeze" in shown.output
    found = run(commands, ["handbook", "--search", "held out"])
    assert found.exit_code == 0 and "glossary" in found.output
    unknown = run(commands, ["handbook", "nosuch"])
    assert "no chapter nosuch" in str(unknown.exception)


def test_every_screen_and_label_exists() -> None:
    pytest.importorskip("PySide6")
    from orca_desk.ui.register import NAMES, page_class

    titles = {page_class(name).title: page_class(name) for name in NAMES}
    strings = set(_strings_of_the_desktop())
    everything = "\n".join(strings)
    for name in NAMES:
        assert chapter(name) is not None, f"no chapter about {name}"
    missing: list[str] = []
    for one in chapters():
        for place, action in SCREEN.findall(one.text):
            page = titles.get(place)
            known = {_bare(command.text) for command in page.offers} if page else strings
            if _bare(action) not in known or not (page or place in strings):
                missing.append(f"{one.name}: {place} › {action}")
        for label in set(LABEL.findall(one.text)) - STRESSED:
            if not all(_bare(part) in everything for part in label.split(" › ")):
                missing.append(f"{one.name}: {label}")
    assert not missing, "\n".join(missing)


def _problem_of(line: str) -> str:
    """Return what a command line names that does not exist, or ""."""
    words = shlex.split(line)[1:]
    command: click.Command = commands
    while words and isinstance(command, click.Group):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            break
        command, words = inner, words[1:]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    wrong = [word for word in words if word.startswith("--") and word not in known]
    if isinstance(command, click.Group) and not command.invoke_without_command:
        wrong += words[:1]
    return f"{line}: {', '.join(wrong)}" if wrong else ""


def _strings_of_the_desktop() -> Iterator[str]:
    """Yield every text in the desktop's code, without mnemonics and dots, and the titles of its pages."""
    for path in (Path(handbook.__file__).parent / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield _bare(node.value)


def _bare(text: str) -> str:
    return text.replace("&", "").rstrip("…").strip()


def _files(nav: list[object]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for inner in entry.values():
                yield from _files(inner if isinstance(inner, list) else [inner])
