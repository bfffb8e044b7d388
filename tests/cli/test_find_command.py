"""`orca-desk find` searches everything in one language."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.new_records import add_records
from orca_desk.library.tasks import add_tasks
from orca_desk.method.search_query import FIELDS


def run(library: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["find", *words, "--library", str(library)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(1), make_task(2)])
        add_records(library, [judged(make_record(1), 1), judged(make_record(2, response="Answer: 9"), 2)])
    return tmp_path / "library"


def test_what_is_found_is_listed_by_kind_with_counts(folder: Path) -> None:
    shown = run(folder, "family:sums wrong:yes")
    assert shown.exit_code == 0, shown.output
    for part in ("1 task", "1 teacher record", "incorrect", "0 answers of evaluations"):
        assert part in shown.output
    assert "No chats: they have nothing like wrong:" in shown.output
    told = json.loads(run(folder, "plus", "--in", "records", "--limit", "1", "--json").stdout)
    assert (told["total"], len(told["groups"])) == (2, 1)
    assert told["groups"][0]["hits"][0]["id"] == "record-00002"


def test_the_fields_can_be_listed_and_an_unknown_one_is_named(folder: Path) -> None:
    assert json.loads(run(folder, "--fields", "--json").stdout).keys() == FIELDS.keys()
    failed = run(folder, "colour:red")
    assert isinstance(failed.exception, UserError) and "no field 'colour'" in str(failed.exception)
    assert run(folder).exit_code == 2


def test_a_search_may_begin_with_a_minus(folder: Path) -> None:
    """Options stay options, before and after it; of a kind without hits only the number is shown."""
    told = json.loads(run(folder, "-family:sums", "--in", "tasks", "--json").stdout)
    assert (told["search"], told["total"]) == ("-family:sums", 0)
    assert run(folder, '-"plus 0"', "--in", "tasks").stdout.split() == ["0", "tasks"]
    assert "Usage:" in run(folder, "-h").stdout
