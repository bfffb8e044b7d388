"""`orca-desk grade`: what counts in the share, and what is said beside it."""

import gzip
from pathlib import Path

from click.testing import CliRunner

from orca_desk.cli.grade import command
from orca_desk.errors import UserError


def test_an_empty_response_counts_and_unreadable_rows_are_named_beside_the_share(tmp_path: Path) -> None:
    rows = tmp_path / "answers.jsonl"
    rows.write_text(
        '{"response": "Answer: 5", "reference": 5}\n'
        '{"response": null, "reference": "5"}\n'
        '{"response": "5", "reference": null}\n'
        "{\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(command, [str(rows)])
    assert result.exit_code == 0
    assert "50.0%" in result.output
    assert "Not counted: 2 rows that could not be read." in result.output
    assert "Line 3: " in result.output
    assert "Line 4: " in result.output


def test_a_packed_file_is_graded_and_a_damaged_one_told(tmp_path: Path) -> None:
    rows = tmp_path / "answers.jsonl.gz"
    packed = gzip.compress(b'{"response": "Answer: 5", "reference": 5}\n')
    rows.write_bytes(packed)
    result = CliRunner().invoke(command, [str(rows)])
    assert result.exit_code == 0 and "100.0%" in result.output
    rows.write_bytes(packed[:-9])
    result = CliRunner().invoke(command, [str(rows)])
    assert isinstance(result.exception, UserError) and "damaged or cut off" in str(result.exception)
