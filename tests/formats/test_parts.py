"""Sources with several sets of rows (sheets, tables, folders, zip archives): which are read or refused."""

import json
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from task_files import parts_of

from orca_desk.errors import UserError
from orca_desk.formats import packed, workbooks
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import opened
from orca_desk.method.records import Task

_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


@contextmanager
def task_file(path: Path, rows_in: str = "") -> Iterator[TaskFile]:
    with opened(path) as (stream, name):
        yield TaskFile(stream, name, Asked(rows_in=rows_in))


def rows_of(path: Path, rows_in: str = "") -> list[Task | BadRow]:
    with task_file(path, rows_in) as file:
        return list(file.rows())


def tasks_of(path: Path, rows_in: str = "") -> list[tuple[str, str | None, str]]:
    rows = rows_of(path, rows_in)
    assert all(isinstance(row, Task) for row in rows), rows
    return [(row.query, row.answer, row.split) for row in rows if isinstance(row, Task)]


def lines(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def asked(name: str) -> str:
    return lines({"question": f"Of {name}?", "answer": name})


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    """Write a workbook as Excel does, with the parts that a reader needs."""

    def cell(value: object) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        named, related = [], []
        for place, (name, rows) in enumerate(sheets.items(), 1):
            data = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
            archive.writestr(f"xl/worksheets/sheet{place}.xml", _SHEET.format(data))
            named.append(f'<sheet name="{name}" sheetId="{place}" r:id="r{place}"/>')
            kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
            related.append(
                f'<Relationship Id="r{place}" Type="{kind}" Target="worksheets/sheet{place}.xml"/>'
            )
        archive.writestr(
            "xl/workbook.xml",
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.'
            f'openxmlformats.org/officeDocument/2006/relationships"><sheets>{"".join(named)}</sheets></workbook>',
        )
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
        whole = f'<Relationship Id="r1" Type="{office}" Target="xl/workbook.xml"/>'
        packages = "http://schemas.openxmlformats.org/package/2006/relationships"
        for name, inner in (("_rels/.rels", whole), ("xl/_rels/workbook.xml.rels", "".join(related))):
            archive.writestr(name, f'<Relationships xmlns="{packages}">{inner}</Relationships>')
    return path


def test_sheets_are_chosen_and_numbers_are_read_as_they_are_shown(tmp_path: Path) -> None:
    quiz = [["Question", "Answer"], ["2+2?", 4.0], ["0.1+0.2?", 0.30000000000000004]]
    path = workbook(tmp_path / "b.xlsx", {"Quiz": quiz, "Notes": [["Hello"]], "Empty": []})
    assert [(part.name, part.rows) for part in parts_of(path)] == [("Quiz", 2), ("Notes", 1)]
    with pytest.raises(SeveralListsError, match=r"several sheets: Quiz \(2\), Notes \(1\)") as caught:
        rows_of(path)
    assert caught.value.names == ("Quiz", "Notes", "*")
    assert tasks_of(path, "Quiz") == [("2+2?", "4", "train"), ("0.1+0.2?", "0.3", "train")]
    with pytest.raises(UserError, match="no part 'Quizz'"):
        rows_of(path, "Quizz")


def test_a_workbook_of_excel_97_is_read() -> None:
    path = Path(__file__).with_name("excel-97.xls")  # made by xlwt
    expected = [("What is 2 + 2?", "4", "train"), ("Größte Stadt Europas?", "Istanbul", "train")]
    assert tasks_of(path) == expected


STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts>'
    '<numFmt numFmtId="170" formatCode="0.0%"/><numFmt numFmtId="171" formatCode="0&quot;%&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/>'
    '<xf numFmtId="170"/><xf numFmtId="171"/></cellXfs></styleSheet>'
)


@pytest.mark.parametrize("place", [' r="B2"', ""])
def test_a_percentage_is_read_as_its_cell_shows_it(tmp_path: Path, place: str) -> None:
    path = workbook(tmp_path / "b.xlsx", {"Quiz": [["Question", "Answer"]]})
    shares = [(0, "0.5", "0.5"), (1, "0.5", "50%"), (2, "0.125", "12.5%"), (3, "7", "7"), (1, "0.07", "7%")]
    for style, stored, expected in shares:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "new.xlsx", "w") as new:
            for name in old.namelist():
                data = old.read(name).decode()
                share = f'<c s="{style}"{place}><v>{stored}</v></c>'
                cells = f'<row><c t="inlineStr"><is><t>Share?</t></is></c>{share}</row>'
                new.writestr(name, data.replace("</sheetData>", f"{cells}</sheetData>"))
            new.writestr("xl/styles.xml", STYLES)
        assert tasks_of(tmp_path / "new.xlsx") == [("Share?", expected, "train")]


def test_a_spreadsheet_of_libreoffice_shows_its_percentages(tmp_path: Path) -> None:
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )

    def cell(kind: str, shown: str, value: str = "") -> str:
        given = f'office:value-type="{kind}"' + (f' office:value="{value}"' if value else "")
        return f"<table:table-cell {given}><text:p>{shown}</text:p></table:table-cell>"

    rows = [
        cell("string", "Question") + cell("string", "Answer"),
        cell("string", "Share?") + cell("percentage", "50%", "0.5"),
        cell("string", "Half?") + cell("float", "0.5", "0.5"),
    ]
    lines_of = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content{names} office:version="1.3"><office:body><office:spreadsheet>'
            f'<table:table table:name="Quiz">{lines_of}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    assert tasks_of(tmp_path / "b.ods") == [("Share?", "50%", "train"), ("Half?", "0.5", "train")]


def test_sheets_that_are_splits_are_read_together(tmp_path: Path) -> None:
    sheet = [["Question", "Answer"], ["Why?", "So"], ["", "left"]]
    path = workbook(tmp_path / "b.xlsx", {"Train": sheet, "Test": sheet})
    good, bad, *_, last = rows_of(path)
    assert (getattr(good, "split", ""), getattr(last, "place", "")) == ("train", "line 3 of Test")
    assert isinstance(bad, BadRow) and bad.place == "line 3 of Train"


def test_a_workbook_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "b.xlsx", {"Quiz": [["Question"]]})
    monkeypatch.setattr(workbooks, "MOST", 10)
    with pytest.raises(UserError, match="unpacks to"):
        rows_of(path)


def test_tables_are_read_with_what_their_log_holds(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    db = sqlite3.connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE quiz (question TEXT, answer INTEGER, picture BLOB)")
        db.execute("INSERT INTO quiz VALUES ('2+2?', 4, x'ff00')")
        db.execute("CREATE TABLE log (entry TEXT)")
        db.commit()
        assert [part.name for part in parts_of(path)] == ["quiz"]
        assert tasks_of(path) == [("2+2?", "4", "train")]
        before = path.read_bytes()
    finally:
        db.close()
    assert before[:16] == b"SQLite format 3\0"
    assert tasks_of(path) == [("2+2?", "4", "train")]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["q.db"]  # nothing is left beside it


def test_a_library_of_our_own_and_a_damaged_database_are_told(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(52) + b"ORCA" + bytes(28))
    with pytest.raises(UserError, match="is an Orca Desk library"):
        rows_of(path)
    path.write_bytes(b"SQLite format 3\0" + bytes(range(84)))
    with pytest.raises(UserError, match="cannot be read as a database"):
        rows_of(path)


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_folder_for_mlx_gives_its_splits(is_packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "set.zip" if is_packed else tmp_path / "set"
    files = {f"{name}.jsonl": asked(name) for name in ("train", "valid", "test")} | {"README.md": "# A set"}
    if is_packed:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        path.mkdir()
        for name, text in files.items():
            (path / name).write_text(text)
    assert tasks_of(path) == [
        ("Of test?", "test", "heldout"), ("Of train?", "train", "train"), ("Of valid?", "valid", "heldout"),
    ]  # fmt: skip
    assert tasks_of(path, "valid") == [("Of valid?", "valid", "heldout")]


def parquet(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"question": f"{name}?", "answer": name} for name in names]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def test_a_repository_of_a_data_set_is_read_by_its_card(tmp_path: Path) -> None:
    parquet(tmp_path / "main" / "train-00000-of-00002.parquet", "a")
    parquet(tmp_path / "main" / "train-00001-of-00002.parquet", "b")
    parquet(tmp_path / "main" / "test-00000-of-00001.parquet", "c")
    parquet(tmp_path / "hard" / "test-00000-of-00001.parquet", "d")
    both = [("c?", "c", "heldout"), ("a?", "a", "train"), ("b?", "b", "train")]
    with pytest.raises(SeveralListsError) as caught:
        rows_of(tmp_path)
    assert caught.value.names == ("hard", "main", "*")
    assert tasks_of(tmp_path, "main") == both
    assert len(rows_of(tmp_path, "*")) == 4
    files = "[{split: test, path: main/test-*}, {split: train, path: 'main/train-*'}]"
    (tmp_path / "README.md").write_text(f"---\nconfigs:\n- config_name: main\n  data_files: {files}\n---\n")
    assert tasks_of(tmp_path) == both


def test_what_save_to_disk_wrote_is_read_without_its_cache(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        folder = tmp_path / split
        folder.mkdir()
        table = pyarrow.Table.from_pylist([{"question": f"{split}?", "answer": "x"}])
        for name in ("data-00000-of-00001.arrow", "cache-1a2b.arrow"):
            with pyarrow.ipc.new_stream(folder / name, table.schema) as writer:
                writer.write_table(table)
        listed = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
        (folder / "state.json").write_text(json.dumps(listed))
        (folder / "dataset_info.json").write_text("{}")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "validation"]}')
    assert tasks_of(tmp_path) == [("train?", "x", "train"), ("validation?", "x", "heldout")]


def test_files_of_a_folder_are_families_and_a_broken_one_is_a_refused_row(tmp_path: Path) -> None:
    (tmp_path / "algebra.jsonl").write_text(asked("x"))
    (tmp_path / "logic.json").write_text(json.dumps({"examples": [{"input": "p?", "target": "q"}] * 2}))
    (tmp_path / "odd.csv").write_bytes(b"answer,question,question\n1,2,3\n")
    rows = rows_of(tmp_path)
    assert [getattr(row, "family", "") for row in rows] == ["algebra", "logic", "logic", ""]
    (bad,) = [row for row in rows if isinstance(row, BadRow)]
    assert bad.place == "line 1 of odd.csv" and "two columns named 'question'" in bad.what


def test_files_of_a_split_name_their_families(tmp_path: Path) -> None:
    for split, name in (("test", "botany_test"), ("dev", "law_dev"), ("test", "law_test")):
        (tmp_path / split).mkdir(exist_ok=True)
        (tmp_path / split / f"{name}.csv").write_text("Which?,a,b,c,d,B\nWhat?,a,b,c,d,A\n")
    rows = rows_of(tmp_path)
    assert [getattr(row, "family", "") for row in rows] == ["law"] * 2 + ["botany"] * 2 + ["law"] * 2


def test_a_list_within_a_file_of_a_folder_can_be_chosen(tmp_path: Path) -> None:
    row = [{"question": "Why?"}]
    (tmp_path / "a.json").write_text(json.dumps({"easy": row, "hard": row * 2}))
    with pytest.raises(SeveralListsError) as caught:
        rows_of(tmp_path)
    assert caught.value.names == ("a.json::easy", "a.json::hard")
    assert len(rows_of(tmp_path, "a.json::hard")) == 2


def test_archives_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escaped.jsonl", asked("x") * 9000)
    assert len(rows_of(path)) == 9000  # read, and never written to where its name points
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]
    monkeypatch.setattr(packed, "MOST", 1000)
    with pytest.raises(UserError, match="unpacks to more"):
        rows_of(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UserError, match="damaged zip archive"):
        rows_of(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(UserError, match="is a document, not a list"):
        rows_of(path)


TASK = """task: quiz
dataset_path: json
dataset_kwargs: {data_files: {test: /elsewhere/rows.jsonl}}
test_split: test
doc_to_text: "{{question.strip()}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nAnswer:"
doc_to_choice: ["A", "B"]
doc_to_target: answer
description: "Think of {{subject}}."
"""
FREE = """include: quiz.yaml
task: free
doc_to_text: question
doc_to_choice: null
doc_to_target: "{{choices[answer]}}"
"""


def test_tasks_of_lm_eval_are_asked_by_their_templates(tmp_path: Path) -> None:
    rows = [{"question": "Pick ", "choices": ["yes", "no"], "answer": 1, "subject": "law"}, {"question": "?"}]
    (tmp_path / "rows.jsonl").write_text(lines(*rows))
    (tmp_path / "quiz.yaml").write_text(TASK)
    (tmp_path / "free.yaml").write_text(FREE)
    (tmp_path / "code.yaml").write_text(TASK.replace("quiz", "code") + "process_docs: !function utils.run\n")
    with task_file(tmp_path, "quiz") as file:
        good, bad = file.rows()
    assert isinstance(good, Task)
    assert (good.query, good.answer, good.split) == ("Pick\nA. yes\nB. no\nAnswer:", "B", "heldout")
    assert (good.context, good.family, good.answer_kind) == ("Think of law.", "quiz", "choice")
    assert isinstance(bad, BadRow) and "template of the task does not fit" in bad.what
    (tmp_path / "quiz.yaml").write_text(f"{TASK}num_fewshot: 5\n")
    with task_file(tmp_path, "quiz") as file:
        assert "num_fewshot" in file.survey().unread  # lm-eval draws them; nothing here can tell which
    free = rows_of(tmp_path / "free.yaml")[0]
    assert isinstance(free, Task) and (free.query, free.answer) == ("Pick", "no")
    with pytest.raises(
        UserError, match=r"process_docs is Python code \(!function\), which an import never runs"
    ):
        rows_of(tmp_path / "code.yaml")


@pytest.mark.parametrize(
    "text", ["{{ 'a' * 10**9 }}", "{{ ''.__class__.__mro__ }}", "{% for _ in range(10**9) %}a{% endfor %}"]
)
def test_templates_of_strangers_do_no_harm(text: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(asked("x"))
    (tmp_path / "quiz.yaml").write_text(TASK.replace("{{question.strip()}}", text).replace("\\n", " "))
    (bad,) = rows_of(tmp_path)
    assert isinstance(bad, BadRow)


def test_a_task_of_lm_eval_opens_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "quiz.yaml").write_text(TASK)
    with pytest.raises(UserError, match=r"/elsewhere/rows\.jsonl is not in the folder"):
        rows_of(tmp_path)


def test_files_about_the_rows_are_no_files_left_out(tmp_path: Path) -> None:
    for name in ("train.jsonl", "README.md", "config.json", "picture.png"):
        (tmp_path / name).write_text(asked("x") if name == "train.jsonl" else "{}")
    with task_file(tmp_path) as file:
        assert file.survey().left_out == ("picture.png",)
