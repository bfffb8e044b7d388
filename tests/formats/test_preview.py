"""The preview says what an import would do, also where it could do nothing yet."""

import io
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.formats.layout import Asked
from orca_desk.formats.preview import ImportPreview, preview_tasks
from orca_desk.formats.rows import BadRow
from orca_desk.method.records import Task
from orca_desk.processes.protocol import decode, encode


def test_rows_problems_and_mapping() -> None:
    text = "Question;Résultat;Topic\nOne plus one?;2;sums\n;3;sums\nTwo plus two?;4;\n".encode()
    seen = preview_tasks(io.BytesIO(text), Asked(family="other"))
    assert (seen.read_as.format, seen.good, seen.bad, seen.whole) == ("CSV", 2, 1, True)
    assert seen.columns == ("Question", "Résultat", "Topic")
    assert seen.mapping == {"query": "Question", "family": "Topic"}
    assert seen.read_as.unread == ("Résultat",)
    assert (seen.families, seen.unanswered) == (("sums", "other"), 2)
    assert ImportPreview.from_json(decode(encode(seen.to_json())) or {}) == seen
    held = preview_tasks(io.BytesIO(b"question,split\na,test\nb,train\n"))
    assert held.splits == ("heldout", "train")
    assert [line for line, _ in seen.rows] == [2, 3, 4]
    assert [row.family if isinstance(row, Task) else row.what for _, row in seen.rows] == [
        "sums", "'Question' is empty", "other"
    ]  # fmt: skip
    assert [bad.line for bad in seen.problems] == [3]
    corrected = preview_tasks(
        io.BytesIO(text), Asked(mapping={"answer": "Résultat", "family": ""}, family="other")
    )
    assert corrected.mapping == {"query": "Question", "answer": "Résultat"}
    assert [row.answer for _, row in corrected.rows if isinstance(row, Task)] == ["2", "4"]


def test_a_file_whose_question_is_not_found_can_still_be_mapped() -> None:
    text = '{"rätsel": "Eins plus eins?", "ergebnis": "2"}\n'.encode()
    seen = preview_tasks(io.BytesIO(text))
    assert (seen.good, seen.bad, seen.columns) == (0, 1, ("rätsel", "ergebnis"))
    assert isinstance(seen.rows[0][1], BadRow)
    assert preview_tasks(io.BytesIO(text), Asked(mapping={"query": "rätsel"})).good == 1


def test_only_the_first_rows_are_read() -> None:
    text = b"".join(b'{"query": "%d"}\n' % number for number in range(30))
    seen = preview_tasks(io.BytesIO(text), limit=10)
    assert (seen.good, seen.whole, len(seen.rows)) == (10, False, 10)
    assert preview_tasks(io.BytesIO(text), limit=30).whole


@pytest.mark.parametrize("data", [b"", b"question,answer\n", b"PK\x03\x04...", b"[]"])
def test_what_cannot_be_read_is_one_clear_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tasks"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        preview_tasks(path)
    assert caught.value.hint
    with pytest.raises(UserError, match="contains no readable rows"):
        preview_tasks(tmp_path)
