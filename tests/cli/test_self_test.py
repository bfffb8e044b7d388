"""`orca-desk self-test`: what it prints of the checks, and its exit code. The desktop's test runs them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import run_command
from new_library import new_library

from orca_desk.library.database import Library
from orca_desk.steps.demo.self_test import CheckResult

PASSED = CheckResult(name="disk", ok=True, detail="1 GB free", seconds=0.1)
FAILED = CheckResult(name="your library", ok=False, detail="Tags are missing.", seconds=0.2)


@pytest.mark.parametrize(("found", "code"), [([PASSED], 0), ([PASSED, FAILED], 1)])
def test_the_exit_code_says_whether_a_check_failed(
    found: list[CheckResult], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Path | None] = []

    def self_test(
        library: Library | None, *, on_check: Callable[[CheckResult], None], **_: Any
    ) -> list[CheckResult]:
        checked.append(library and library.folder)
        for one in found:
            on_check(one)
        return found

    monkeypatch.setattr("orca_desk.cli.self_test.self_test", self_test)
    new_library(tmp_path / "library").close()
    said = run_command("self-test", "--library", str(tmp_path / "library"))
    assert said.returncode == code
    assert "ok   disk" in said.stdout and ("FAIL your library" in said.stdout) == bool(code)
    told = run_command("self-test", "--json", folder=tmp_path / "none")
    assert told.returncode == code
    assert json.loads(told.stdout)["ok"] is not bool(code)
    assert [one["name"] for one in json.loads(told.stdout)["checks"]] == [one.name for one in found]
    assert checked == [tmp_path / "library", None]
