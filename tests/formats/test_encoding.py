"""The encoding of a file is recognised from end to end, or a sentence says why it is not."""

import codecs
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_files import read_tasks

from orca_desk.errors import UserError
from orca_desk.formats.encoding import CHUNK, Encoding, find_encoding
from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import TaskFile
from orca_desk.method.records import Task

TEXTS = [
    ("cp1252", "Où est la gare ?"),
    ("cp1252", "¿Cuál es la capital de España?"),
    ("cp1252", "It’s John’s “book” – right?"),
    ("cp1252", "Costs 5 € or £3?"),
    ("cp1252", "Wie groß ist München?"),
    ("cp1250", "Ile wynosi dwa dodać dwa? Źródło żółć"),
    ("cp1250", "Kolik je dvě plus dvě? Příliš žluťoučký kůň"),
    ("cp1251", "Сколько будет два плюс два?"),
    ("koi8_r", "Сколько будет два плюс два?"),
    ("cp1253", "Ποια είναι η πρωτεύουσα;"),
    ("cp1254", "İstanbul hangi ülkede? Şehir ğ"),
    ("cp932", "日本の首都はどこですか？"),
    ("euc_jp", "日本の首都はどこですか？"),
    ("iso2022_jp", "日本の首都はどこですか？"),
    ("gb18030", "中国的首都是哪里？"),
    ("big5", "台灣的首都是哪裡？"),
    ("cp949", "한국의 수도는 어디입니까?"),
]


def encoding_of(data: bytes, asked: str | None = None) -> Encoding:
    return find_encoding(io.BytesIO(data), name="file.csv", asked=asked)


def queries(data: bytes) -> list[str]:
    return [task.query for task in read_tasks(io.BytesIO(data)) if isinstance(task, Task)]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_older_encodings_are_recognised_and_called_a_guess(encoding: str, text: str) -> None:
    data = f"question,answer\n{text},1\nplain,2\n".encode(encoding)
    found = encoding_of(data)
    assert found.guessed
    assert data.decode(found.name) == data.decode(encoding)
    assert queries(data) == [text, "plain"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ['{"query": "Où est-il ?"}\n', "question;answer\r\nOù est-il ?;là\r\n"])
def test_unicode_is_read_with_and_without_a_mark(encoding: str, text: str) -> None:
    assert queries(text.encode(encoding)) == ["Où est-il ?"]


def test_a_late_byte_decides_over_the_whole_file() -> None:
    """The first two megabytes are ASCII: half a file in one encoding and half in another would be wrong."""
    data = (
        b"question,answer\n"
        + (b"What is one" + b" and one" * 20 + b"?,1\n") * 12_500
        + "Où ?,là\n".encode("cp1252")
    )
    assert encoding_of(data) == Encoding(name="cp1252", guessed=True)
    assert queries(data)[-1] == "Où ?"


@pytest.mark.parametrize("before", [CHUNK - 1, CHUNK])
def test_a_sign_that_lies_in_two_chunks_is_one(before: int) -> None:
    text = "a" * before + "é" + "b" * CHUNK
    assert find_encoding(io.BytesIO(text.encode()), name="t") == Encoding(name="utf-8-sig")
    damaged = find_encoding(io.BytesIO(text.encode()[: before + 1] + b"b" * CHUNK), name="t")
    assert damaged.guessed, "half a sign is none in UTF-8"


def test_a_few_damaged_lines_do_not_change_the_encoding() -> None:
    data = "question,answer\nÜber ?,1\nÉté ?,2\n".encode() + b"caf\xe9,3\n"
    assert encoding_of(data) == Encoding(name="utf-8-sig")
    assert queries(data) == ["Über ?", "Été ?"]


def test_the_user_has_the_last_word() -> None:
    data = "question,answer\nşey,1\n".encode("cp1254")
    file = TaskFile(io.BytesIO(data), io_path(), Asked(encoding="cp1254"))
    assert [task.query for task in file.rows() if isinstance(task, Task)] == ["şey"]
    with pytest.raises(UserError, match="is not utf-8 text"):
        encoding_of(data, "utf-8")
    for unknown in ("klingon", "base64"):
        with pytest.raises(UserError, match="no text encoding"):
            encoding_of(data, unknown)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_utf_8_is_never_taken_for_anything_else(text: str) -> None:
    assert encoding_of(f"question\n{text}\n".encode()) == Encoding(name="utf-8-sig")
    assert encoding_of(codecs.BOM_UTF8 + text.encode()) == Encoding(name="utf-8-sig")


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_read_whole_or_refused(data: bytes) -> None:
    try:
        found = encoding_of(data)
    except UserError as error:
        assert error.hint
    else:
        assert data.decode(found.name, "surrogateescape" if "8" in found.name else "strict") is not None


def io_path() -> Path:
    return Path("file.csv")
