import csv
import io
import json
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_files import read_tasks

from benchmarks.public_data import MISSING, PUBLIC_DATA
from orca_desk.errors import UserError
from orca_desk.formats.columns import map_columns
from orca_desk.formats.rows import BadRow
from orca_desk.formats.text import MAX_LINE
from orca_desk.formats.values import is_missing, tidy
from orca_desk.method.records import Task

GOOD = b'{"query": "good", "answer": "1"}\n'


def read(data: bytes | str, **options: object) -> tuple[list[Task], list[BadRow]]:
    raw = data.encode() if isinstance(data, str) else data
    rows = list(read_tasks(io.BytesIO(raw), **options))  # type: ignore[arg-type]
    return [r for r in rows if isinstance(r, Task)], [r for r in rows if isinstance(r, BadRow)]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)


def known(text: str) -> bool:
    return bool(tidy(text)) and not is_missing(tidy(text))


cells = texts.map(lambda text: text.replace("\r", ""))


@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_one_clear_error(data: bytes) -> None:
    for start in (b"", b"{", b'query,answer\n"', b"\xff\xfe"):
        try:
            good, bad = read(start + data)
        except UserError as error:
            assert error.hint
        else:
            assert good or not bad


@given(
    rows=st.lists(st.tuples(texts.filter(known), texts.filter(known)), min_size=1, max_size=5),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_csv_cells_come_through_whole(rows: list[tuple[str, str]], delimiter: str) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    text = "".join(f"{quoted(q)}{delimiter}{quoted(a)}\r\n" for q, a in [("question", "answer"), *rows])
    good, bad = read(text)
    assert [(task.query, task.answer or "") for task in good] == [(tidy(q), tidy(a)) for q, a in rows]
    assert bad == []


@given(
    # Python writes a bare \r without quotes, which is the end of a line to every reader
    rows=st.lists(st.tuples(cells.filter(known), cells, cells), min_size=1, max_size=5),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\r\n", "\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    above=st.sampled_from(["", "sep=DELIMITER"]),
    headings=st.sampled_from(
        [("Question", "Note", "Answer"), ("question\n(in words)", "x", "Correct answer")]
    ),
)
def test_any_dialect_of_csv_is_read(
    rows: list[tuple[str, str, str]],
    delimiter: str,
    quoting: int,
    end: str,
    encoding: str,
    above: str,
    headings: tuple[str, str, str],
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([headings, *rows])
    start = above.replace("DELIMITER", delimiter) + end if above else ""
    good, bad = read((start + text.getvalue()).encode(encoding))
    assert bad == []
    assert [task.query for task in good] == [tidy(query) for query, _, _ in rows]
    answers = [tidy(answer) for _, _, answer in rows]
    assert [task.answer for task in good] == [None if is_missing(one) else one for one in answers]


def test_alpaca_and_bbh_columns_and_explicit_mapping() -> None:
    alpaca = '{"instruction": "Sum up.", "input": "A text.", "output": "Short."}\n'
    (task,), _ = read(alpaca)
    assert (task.query, task.context, task.answer, task.family) == ("Sum up.", "A text.", "Short.", "general")
    (task,), _ = read('{"task": "navigate", "input": "Turn left.", "target": "No"}', family="other")
    assert (task.query, task.answer, task.family) == ("Turn left.", "No", "navigate")
    (task,), _ = read('{"question": "a", "prompt": "b"}', mapping={"query": "prompt"})
    assert task.query == "b"
    assert map_columns(["Answer Kind", "QUESTION", "Held"]) == {
        "query": "QUESTION",
        "answer_kind": "Answer Kind",
    }
    (task,), _ = read('{"question": "a", "input": "b"}', mapping={"context": ""})
    assert (task.query, task.context) == ("a", "")
    with pytest.raises(UserError, match="no field 'colour'"):
        read(GOOD, mapping={"colour": "x"})
    with pytest.raises(UserError, match="no column 'missing' with the question"):
        read(GOOD, mapping={"query": "missing"})


@pytest.mark.parametrize(
    ("answer", "expected"), [("18", "18"), ("1.50", "1.50"), ("true", "true"), ("null", None), ('" x "', "x")]
)
def test_answers_keep_the_way_they_are_written(answer: str, expected: str | None) -> None:
    (task,), _ = read(f'{{"query": "q", "answer": {answer}}}')
    assert task.answer == expected


def test_splits_tags_and_ids() -> None:
    (task,), _ = read('{"query": "q", "split": "Test", "tags": "a, b", "id": "1"}')
    assert (task.split, task.tags) == ("heldout", ("a", "b"))
    assert task.id == Task(family="general", query="q").id
    (kept,), _ = read(json.dumps({"query": "edited", "id": task.id}))
    assert kept.id == task.id


def test_what_is_said_of_a_column_is_taken_at_its_word() -> None:
    """A column that the user names holds splits or answer types; one that is found may be something else."""
    row = '{"query": "a", "split": "blue", "kind": "blue"}'
    (task,), bad = read(row)
    assert (task.split, task.answer_kind, bad) == ("train", None, [])
    for field, what in (
        ("split", "split 'blue' is unknown"),
        ("answer_kind", "answer type 'blue' is unknown"),
    ):
        column = "kind" if field == "answer_kind" else field
        with pytest.raises(UserError, match=what):
            read(row, mapping={field: column})


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (b"not json", "not valid JSON"),
        (b"[1]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"5", "not a JSON object"),
        (b'{"answer": "1"}', "no column with the question"),
        (b'{"query": ""}', "'query' is empty"),
        (b'{"query": " "}', "the question is blank"),
        (b'{"query": 5}', "'query' is a number, not text"),
        (b'{"query": ["a"]}', "'query' is a list, not text"),
        (b'{"query": "a", "answer": {"b": 1}}', "'answer' is an object"),
        (b'{"query": "a", "query": "b"}', "'query' appears twice"),
        (b'{"query": "a", "answer": Infinity}', "Infinity is not a JSON value"),
        (b'{"query": "NaN"}', "the question is blank"),
        (b'{"query": "a", "tags": [1]}', "a tag is not text"),
        (b'{"query": "a\\u0000"}', "NUL"),
        (b'{"query": "a\\ud800"}', "half a character"),
        (b'{"query": "a\0"}', "NUL"),
        (b'{"query": ' + b"[" * 100_000, "nested too deep"),
        (b'{"query": "' + b"x" * (MAX_LINE + 10) + b'"}', "longer than"),
        (b'{"query": "a", "answer": ' + b"9" * 10_000 + b', "context": 1}', "'context' is a number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_rows_are_reported_and_good_ones_read(row: bytes, what: str) -> None:
    good, (bad,) = read(GOOD + b"\n" + row + b"\n" + GOOD)
    assert [task.query for task in good] == ["good", "good"]
    assert bad.line == 3 and what in bad.what and bad.hint


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "contains no tasks"),
        (b"\n\n", "contains no tasks"),
        (b"question,answer\n", "contains no tasks"),
        (b"{}\n", "contains no readable task; line 1"),
        ('{"query": "q"}'.encode("utf-16") + b"x", "not valid UTF-16"),
        (b"PK\x03\x04...", "damaged zip archive"),
        (Random(0).randbytes(20_000), "not a text file"),
        (b'[{"answer": "q"}]', "contains no readable task; line 1"),
        (b"question,question\na,b\n", "two columns named 'question'"),
    ],
)
def test_a_file_without_tasks_is_one_clear_error(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read(data)
    assert caught.value.hint


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="no such device")
def test_a_device_that_never_ends_is_not_read() -> None:
    with pytest.raises(UserError, match="/dev/zero is a device, not a file"):
        list(read_tasks(Path("/dev/zero")))


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        list(read_tasks(tmp_path / "none.jsonl"))
    with pytest.raises(UserError, match="contains no readable rows"):
        list(read_tasks(tmp_path))


def test_csv_quotes_newlines_and_broken_rows() -> None:
    text = (
        "question,answer\n"
        '"two\nlines, ""quoted""",1\n'
        '"never closed,2\n'
        "after,3\n"
        '"closed"early,4\n'
        "too,many,cells\n"
        ",no question\n"
        "\n"
        "last,5"
    )
    good, bad = read(text)
    assert [(task.query, task.answer) for task in good] == [
        ('two\nlines, "quoted"', "1"),
        ("after", "3"),
        ("last", "5"),
    ]
    assert [(row.line, row.what) for row in bad] == [
        (4, "a quoted cell is not closed, or continues after its closing quote"),
        (6, "a quoted cell is not closed, or continues after its closing quote"),
        (7, "the row has 3 cells, the header 2"),
        (8, "'question' is empty"),
    ]


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    """Not even a document of one line is held as a whole."""
    row = '{"query": "%d and 1?", "answer": "' + "x" * 15_000 + '"}'
    lines, one_line = tmp_path / "many.jsonl", tmp_path / "many.json"
    with lines.open("w") as first, one_line.open("w") as second:
        second.write('{"data": [')
        for number in range(2_000):
            first.write(row % number + "\n")
            second.write(("," if number else "") + row % number)
        second.write("]}")
    for path in (lines, one_line):
        tracemalloc.start()
        count = sum(isinstance(task, Task) for task in read_tasks(path))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 2_000
        assert peak < 20_000_000 < path.stat().st_size


@pytest.mark.skipif(not PUBLIC_DATA.is_dir(), reason=MISSING)
def test_real_files_read_whole() -> None:
    for name in ("gsm8k/test.jsonl", "bbh/strategy_outcomes.jsonl"):
        path = PUBLIC_DATA / name
        rows = list(read_tasks(path))
        assert all(isinstance(row, Task) for row in rows)
        first = json.loads(path.read_text(encoding="utf-8").split("\n", 1)[0])
        assert isinstance(rows[0], Task)
        assert rows[0].query == first.get("question", first.get("input"))


@pytest.mark.timeout(60)
def test_a_hostile_file_is_read_in_linear_time() -> None:
    """Each of these took hours when names were counted, or lines read again, for every name or line."""
    names = [f"k{number}" for number in range(50_000)]
    _, bad = read('{"query": "q"}\n{' + ",".join(f'"{name}":1' for name in [*names, names[-1]]) + "}")
    assert "appears twice" in bad[0].what
    tasks, _ = read("query," + ",".join(names) + "\nWhat?\n")
    assert [task.query for task in tasks] == ["What?"]
    opens_a_quote_on_every_line = 'a","b\n' * 20_000
    tasks, bad = read("query,answer\nWhat?,1\n" + opens_a_quote_on_every_line)
    assert len(tasks) == 1
    assert len(bad) > 1000


def test_a_mistyped_mapping_names_the_column_and_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no column 'Qestion' .*The columns are: Question, Answer\."):
        read("Question,Answer\nWhat?,1\n", mapping={"query": "Qestion"})
