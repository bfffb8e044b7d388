"""Documents of each kind become headings and paragraphs; bad ones are refused by a sentence."""

import zipfile
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.formats.documents import find_documents, read_document
from orca_desk.method.passages import Block


def read(path: Path) -> list[Block]:
    return list(read_document(path))


def test_text_in_any_encoding_is_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "owls.txt"
    path.write_bytes("Owls hunt at\r\nnight in the for-\r\nest.\r\n\r\nThey é sleep.\r\n".encode("cp1252"))
    assert read(path) == [Block(text="Owls hunt at night in the forest."), Block(text="They é sleep.")]


def test_markdown_keeps_headings_lists_tables_and_code(tmp_path: Path) -> None:
    path = tmp_path / "owls.md"
    path.write_text(
        "---\ntitle: x\n---\n# Owls\n\nThey *hunt* at\n[night](http://x.y).\n\n- mice\n- `voles`\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n```\n<script>no()</script>\n"
    )
    assert read(path) == [
        Block(text="Owls", level=1),
        Block(text="They hunt at night."),
        Block(text="mice"),
        Block(text="voles"),
        Block(text="a | b"),
        Block(text="1 | 2"),
        Block(text="x = 1"),
    ]


def test_a_page_is_what_its_reader_sees(tmp_path: Path) -> None:
    path = tmp_path / "owls.html"
    path.write_text(
        "<html><head><title>All about owls</title><style>p {}</style></head><body><nav><p>Menu</p></nav>"
        "<main><!-- no -->Loose <b>words</b>.<h2>Hunting</h2><div><p>At <i>night</i>.</p>"
        "<ul><li>mice<li>voles</ul></div><pre>x  = 1</pre>"
        "<table><tr><th>a</th><td>1</td></tr></table><script>no()</script></main></body></html>"
    )
    assert read(path) == [
        Block(text="All about owls", level=1),
        Block(text="Loose words."),
        Block(text="Hunting", level=2),
        Block(text="At night."),
        Block(text="mice"),
        Block(text="voles"),
        Block(text="x  = 1"),
        Block(text="a | 1"),
    ]


def test_a_page_may_be_nested_without_end(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 50_000 + "<p>Deep.</p>" + "</div>" * 50_000 + "<p>After.</p>")
    assert Block(text="After.") in read(path)


def test_a_word_file_gives_headings_paragraphs_and_rows(tmp_path: Path) -> None:
    from docx import Document

    path = tmp_path / "owls.docx"
    document = Document()
    document.add_heading("Owls", level=2)
    document.add_paragraph("They hunt at night.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "1"
    document.save(str(path))
    assert read(path) == [
        Block(text="Owls", level=2),
        Block(text="They hunt at night."),
        Block(text="a | 1"),
    ]


def write_pdf(path: Path, pages: list[list[str]]) -> None:
    """Write lines of text as a PDF by hand: one font, a line every 14 points."""
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = f"BT /F1 12 Tf 72 720 Td {shown} ET".encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    data = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(data)
    size = len(objects) + 1
    data += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    data += f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    path.write_bytes(data)


def test_a_pdf_gives_paragraphs_with_pages_and_no_running_titles(tmp_path: Path) -> None:
    path = tmp_path / "owls.pdf"
    pages = [
        ["On Owls", "An owl hunts at", "night, and it flies", "1"],
        ["On Owls", "without a sound.", "2"],
        ["On Owls", "Mice hear nothing.", "3"],
        ["On Owls", "Voles neither.", "4"],
    ]
    write_pdf(path, pages)
    assert [(one.page, one.text) for one in read(path)] == [
        (1, "An owl hunts at night, and it flies without a sound."),
        (3, "Mice hear nothing."),
        (4, "Voles neither."),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF-1.4\nnothing", "damaged"),
        ("a.docx", b"PK\x03\x04 no", "damaged"),
        ("a.txt", bytes(range(256)) * 8, "text"),
        ("a.xyz", b"hello", "not a document"),
    ],
)
def test_a_bad_file_is_refused_by_a_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=said):
        read(path)


def test_a_pdf_of_pictures_says_so(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    write_pdf(path, [[], []])
    with pytest.raises(UserError, match="pictures"):
        read(path)


def test_a_word_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.docx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("x", "w") as inside,
    ):
        for _ in range(60):
            inside.write(bytes(10_000_000))
    with pytest.raises(UserError, match="unpacks to 600 MB"):
        read(path)


def test_a_folder_gives_its_documents_in_order(tmp_path: Path) -> None:
    for name in ("b.md", "a/c.txt", "a/.git/d.txt", "e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    named = tmp_path / "e.png"
    assert find_documents([named, tmp_path, tmp_path / "b.md"]) == [
        named,
        tmp_path / "a/c.txt",
        tmp_path / "b.md",
    ]
