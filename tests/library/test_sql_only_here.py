"""SQL is in the library alone: no other package holds any, or reads rows of the database itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import orca_desk

PACKAGE = Path(orca_desk.__file__).parent
SQL = re.compile(
    r"\b(SELECT\b.*\bFROM|INSERT\b.*\bINTO|UPDATE\b.*\bSET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA)\b", re.DOTALL
)
# What breaks the rule has one of these words; most files have none, and need no parsing, which takes long.
SUSPECT = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA)\b|library\s*\.\s*(rows?|read|write)\b")


def problems(code: str) -> Iterator[str]:
    """Yield what breaks the rule in some Python code."""
    if not SUSPECT.search(code):
        return
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Constant(value=str(text)) if SQL.search(text):
                yield f"line {node.lineno}: SQL"
            case ast.JoinedStr(values=parts) if SQL.search(
                " ? ".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
            ):
                yield f"line {node.lineno}: SQL"
            case ast.Call(func=ast.Attribute(value=whose, attr="rows" | "row" | "read" | "write")) if (
                ast.unparse(whose).split(".")[-1].lstrip("_") == "library"
            ):
                yield f"line {node.lineno}: reads or writes rows"


def test_what_the_rule_forbids() -> None:
    assert list(problems('x = "SELECT id FROM tasks"')) == ["line 1: SQL"]
    assert list(problems('x = f"UPDATE {name} SET a = 1"')) == ["line 1: SQL"]
    assert list(problems("desk.library.rows(sql)")) == ["line 1: reads or writes rows"]
    assert list(problems("self._library.write(store)")) == ["line 1: reads or writes rows"]
    assert list(problems("index.row(); path.write(text)")) == []


def test_no_other_package_has_sql() -> None:
    found = {
        str(path.relative_to(PACKAGE)): list(problems(path.read_text(encoding="utf-8")))
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(PACKAGE / "library")
    }
    assert {path: what for path, what in found.items() if what} == {}
