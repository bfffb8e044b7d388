"""The benchmark of a GPU divides its time, and goes on past what fails."""

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import budget
from benchmarks.gpu.tables import share_of_peak, show, speedup

# What a section does here: it writes what it found, then sleeps, fails or ends.
PROGRAM = """
import json, pathlib, sys, time
name, out, ends = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
(out / f"{name}.json").write_text(json.dumps({"found": name}))
time.sleep(60) if ends == "never" else sys.exit(None if ends == "well" else "the reason")
"""


def _run(monkeypatch: pytest.MonkeyPatch, out: Path, ends: dict[str, str], seconds: float) -> dict[str, Any]:
    def command(name: str, out: Path, limit: float) -> list[str]:
        return [sys.executable, "-c", PROGRAM, name, str(out), ends[name]]

    monkeypatch.setattr(budget, "section_command", command)
    monkeypatch.setattr(budget, "LEAST", 0.1)
    return budget.run_all(out, seconds, list(ends))


def test_what_fails_says_why_and_what_is_cut_off_keeps_what_it_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(budget, "SHARES", {"speed": 1.0, "resume": 1.0, "parity": 1.0, "generation": 8.0})
    ends = {"speed": "well", "resume": "badly", "parity": "never", "generation": "well"}
    results = _run(monkeypatch, tmp_path, ends, 6.0)
    assert "failed" not in results["speed"]
    assert results["resume"]["failed"] == "the reason"
    assert results["parity"]["failed"].startswith("cut off after")
    assert results["parity"]["found"] == "parity"
    assert results["generation"]["found"] == "generation"
    assert results["seconds"] < 6.0
    # What the first left is divided among those after it.
    assert results["generation"]["limit_seconds"] > results["resume"]["limit_seconds"] * 4


def test_a_section_without_time_is_not_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    results = _run(monkeypatch, tmp_path, {"speed": "well"}, 0.05)
    assert results["speed"] == {"failed": "not begun: the time of 0 s is used up"}


def test_the_tables_show_all_that_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    ours = {"tokens_per_second": 300.0, "flops_per_second": 4e11, "memory_bytes": 2**30, "dtype": "bfloat16"}
    theirs = ours | {"tokens_per_second": 200.0}
    speed = {"is_gpu": True, "device": "Card", "speeds": {"cuda:0": {"products": {"bfloat16": 1e12}}}}
    results = {
        "speed": speed,
        "ours-smollm": {"ways": {"not compiled": ours | {"device": "cuda:0"}, "compiled": {"failed": "why"}}},
        "trl-smollm": {"ways": {"packing": theirs}, "failed": "cut off after 9 s"},
    }
    assert speedup("smollm", results) == 1.5
    assert share_of_peak(theirs, speed) == pytest.approx(0.4)
    show(results)
    text = capsys.readouterr().out
    for piece in ("Card", "Orca Desk over TRL: 1.50", "40%", "why", "cut off after 9 s"):
        assert piece in text
