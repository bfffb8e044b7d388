"""Writing a CSV file."""

import csv

import pytest

from orca_desk.errors import UserError
from orca_desk.formats.csv_file import write_csv


def test_what_is_written_is_read_back(tmp_path):
    rows = [["a, b", "line\nbreak", 'quote "x"', "é"], ["", 1, None, 0.5]]
    path = tmp_path / "new" / "table.csv"
    assert write_csv(path, ["one", "two", "three", "four"], iter(rows)) == 2
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.reader(file))
    assert read == [["one", "two", "three", "four"], rows[0], ["", "1", "", "0.5"]]


def test_an_unwritable_path_is_an_error(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        write_csv(tmp_path, ["one"], [])


def test_no_text_is_calculated_and_numbers_stay(tmp_path):
    path = tmp_path / "table.csv"
    texts = ["=1+1", '=HYPERLINK("http://x")', "+cmd", "-2 + 3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]
    numbers = ["-5", "+0.5%", "1,000", "-1e-3", -2, 0.5]
    write_csv(path, ["=head"], [[one] for one in [*texts, *numbers, "a = b", ""]])
    with path.open(encoding="utf-8", newline="") as file:
        (head,), *read = csv.reader(file)
    assert head == "'=head"
    assert [one for (one,) in read] == [f"'{one}" for one in texts] + [str(one) for one in numbers] + [
        "a = b",
        "",
    ]
