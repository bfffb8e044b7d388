"""No outside text can load a file or an address, wherever it is shown."""

import ast
import base64
import html
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from desktop_waits import wait_for_background
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from library_doubles import make_chat
from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QGuiApplication, QImage, QTextBlock, QTextDocument
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QTextBrowser,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from orca_desk.library.chats import ChatMessage, add_message
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.ui.register import PAGES
from orca_desk.ui.widgets import browser as browser_module
from orca_desk.ui.widgets.browser import Browser, NoLoadDocument
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window

SIGNAL = QColor(255, 0, 254)  # of the picture that must not be seen; no theme has it
SIDE = 64
FENCE = "/fence"  # a request of the test itself
UI = Path(browser_module.__file__).parents[1]


class Server:
    """A local web server that notes every request."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        noted = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != FENCE:
                    noted.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/picture.png"

    def fence(self) -> None:
        """Return once every request that Qt has begun so far has arrived."""
        QApplication.processEvents()  # opens the connections of requests that are still queued
        urlopen(self.address.replace("/picture.png", FENCE)).read()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    opened = Server()
    yield opened
    opened.close()
    assert opened.requests == []


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that would be seen if it were loaded."""
    path = Path(tmp_path_factory.mktemp("secret")) / "picture.png"
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(SIGNAL)
    assert image.save(str(path))
    (path.parent / "style.css").write_text(f"p {{ background: {SIGNAL.name()}; }}")
    return path


def attacks(address: str) -> list[str]:
    """Return texts that would load `address`, as Markdown and as HTML."""
    style = address.replace("picture.png", "style.css")
    quoted = html.escape(address)
    return [
        f"![a]({address})",
        f"![]({address})",
        f"![a](<{address}>)",
        f'![a]({address} "title")',
        f"![a][ref]\n\n[ref]: {address}",
        f"![ref]\n\n[ref]: {address}",
        f"[![a]({address})]({address})",
        f"| ![a]({address}) |\n|---|\n| ![b]({address}) |",
        f"> - ![a]({address})",
        f"# ![a]({address})",
        f"```\nx\n```\n![a]({address})",
        f'<img src="{quoted}">',
        f'<img src="{quoted}" width="1000000" height="1000000">',
        f"<img src={quoted}/>",
        f'<table background="{quoted}"><tr><td>x</td></tr></table>',
        f'<table><tr><td style="background-image: url({quoted})">x<br>y</td></tr></table>',
        f'<body background="{quoted}">x<p>y</body>',
        f"<p style=\"background: url('{quoted}')\">x</p>",
        f'<ul style="list-style-image: url({quoted})"><li>x</li></ul>',
        f'<style>@import url("{quoted}"); p {{ background-image: url({quoted}); }}</style><p>x</p>',
        f'<link rel="stylesheet" href="{html.escape(style)}"><p>x</p>',
        f'<object data="{quoted}" type="image/png"></object>',
        f'<iframe src="{quoted}"></iframe><embed src="{quoted}"><video poster="{quoted}"></video>',
        f'<svg><image href="{quoted}" xlink:href="{quoted}"/></svg>',
        f'<base href="{quoted}"><img src="picture.png">',
        f'<meta http-equiv="refresh" content="0; url={quoted}">',
        f'<!doctype html><html><head><title>{quoted}</title></head><body><img src="{quoted}"></body></html>',
    ]


def addresses(picture: Path, server: Server) -> list[str]:
    """Return the ways to name the picture's file, and the server."""
    data = "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()
    return [
        picture.as_uri(),
        str(picture),
        f"file:{picture}",
        f"FILE://{quote(str(picture))}",
        server.address,
        server.address.replace("http:", ""),
        data,
        "qrc:/qt-project.org/styles/commonstyle/images/file-16.png",
        ":/qt-project.org/styles/commonstyle/images/file-16.png",
    ]


def shows_signal(widget: QWidget) -> bool:
    """Whether a pixel of the picture is on the widget."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    wanted = bytes([SIGNAL.blue(), SIGNAL.green(), SIGNAL.red(), 255])
    return wanted in bytes(image.constBits())


def pictures_in(document: QTextDocument) -> list[str]:
    """Return the names of the pictures that a document holds."""
    found = []
    block: QTextBlock = document.firstBlock()
    while block.isValid():
        it = block.begin()
        while not it.atEnd():
            if it.fragment().charFormat().isImageFormat():
                found.append(it.fragment().charFormat().toImageFormat().name())
            it += 1
        block = block.next()
    return found


@pytest.fixture
def shown(qtbot: QtBot) -> Browser:
    made = Browser()
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    return made


def test_the_attack_works_on_a_browser_of_qt(qtbot: QtBot, picture: Path) -> None:
    """The picture would be seen: so the tests below can fail."""
    plain = QTextBrowser()
    qtbot.addWidget(plain)
    plain.resize(400, 400)
    plain.show()
    plain.setMarkdown(f"![a]({picture.as_uri()})")
    assert shows_signal(plain)


def test_no_markdown_loads_anything(shown: Browser, picture: Path, server: Server, qtbot: QtBot) -> None:
    asked = []
    for address in addresses(picture, server):
        for text in attacks(address):
            shown.set_markdown(text)
            assert not shows_signal(shown), text
            assert pictures_in(shown.document()) == [], text
            assert shown.source().isEmpty()
            asked.append(text)
    assert len(asked) > 200
    server.fence()
    assert server.requests == []


def test_no_html_loads_anything(shown: Browser, picture: Path, server: Server, qtbot: QtBot) -> None:
    """Also not where HTML of ours should ever hold outside text unescaped."""
    for address in (picture.as_uri(), server.address):
        for text in attacks(address):
            shown.clear()
            for put in (shown.setHtml, shown.append, shown.insertHtml):
                put(text)
                assert not shows_signal(shown), text
    for address in (picture.as_uri(), server.address):
        shown.setSource(QUrl(address))
        shown.reload()
        assert not shows_signal(shown)
    server.fence()
    assert server.requests == []


def test_every_kind_of_resource_is_refused(picture: Path) -> None:
    made = Browser()
    for source in (NoLoadDocument(), made.document(), made):
        for kind in QTextDocument.ResourceType:
            loaded = source.loadResource(kind.value, QUrl.fromLocalFile(str(picture)))
            assert isinstance(loaded, QImage)
            assert loaded.isNull()


def test_an_image_is_replaced_by_its_description(shown: Browser) -> None:
    shown.set_markdown("See ![a cat](file:///cat.png) here.")
    assert shown.toPlainText() == "See [image not loaded: a cat] here."


def test_html_in_markdown_is_shown_verbatim(shown: Browser) -> None:
    shown.set_markdown("a <b>b</b> <img src=x>")
    assert shown.toPlainText() == "a <b>b</b> <img src=x>"


def test_line_breaks_stay(shown: Browser) -> None:
    shown.set_markdown("Step 1: a\nStep 2: b\n\n```\nx\n  y\n```\nAnswer: c")
    assert shown.toPlainText().splitlines() == ["Step 1: a", "Step 2: b", "x", "  y", "Answer: c"]


def test_a_table_after_code_has_no_empty_line(shown: Browser) -> None:
    shown.set_markdown("```\nx\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert shown.toPlainText().split() == ["x", "a", "b", "1", "2"]
    assert "\n\n\n" not in shown.toPlainText()
    assert shown.toPlainText().startswith("x\n\na\nb") or shown.toPlainText().startswith("x\na\nb")


def test_what_is_copied_or_dragged_is_plain_text(shown: Browser, picture: Path, qtbot: QtBot) -> None:
    shown.setHtml(f'words <img src="{picture.as_uri()}"> <a href="http://x/">link</a>')
    shown.selectAll()
    mime = shown.createMimeDataFromSelection()
    assert mime.formats() == ["text/plain"]
    assert picture.name not in mime.text()
    shown.copy()
    assert QGuiApplication.clipboard().mimeData().formats() == ["text/plain"]
    other = QTextEdit()
    qtbot.addWidget(other)
    other.paste()
    assert "img" not in other.toHtml()


def test_nothing_can_be_dropped_into_it(shown: Browser, picture: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(picture))])
    data.setHtml(f'<img src="{picture.as_uri()}">')
    drop = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    assert not shown.acceptDrops()
    QGuiApplication.sendEvent(shown.viewport(), drop)
    assert shown.toPlainText() == ""
    assert not shows_signal(shown)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that would have been given to the system's browser."""
    given_to: list[str] = []

    monkeypatch.setattr(browser_module, "open_outside", lambda url: given_to.append(url.toString()))
    return given_to


def question(shown: Browser) -> MessageBox | None:
    return next((box for box in shown.findChildren(MessageBox) if box.isVisible()), None)


def test_a_link_opens_only_after_the_user_agrees(shown: Browser, opened: list[str], qtbot: QtBot) -> None:
    for text, expected in (("Open link", ["https://example.org/x"]), ("Cancel", [])):
        opened.clear()
        shown.anchorClicked.emit(QUrl("https://example.org/x"))
        box = question(shown)
        assert box is not None
        assert "example.org" in box.text()
        assert opened == []
        chosen = next(one for one in box.buttons() if one.text() == text)
        qtbot.mouseClick(chosen, Qt.MouseButton.LeftButton)
        assert opened == expected
        qtbot.waitUntil(lambda: question(shown) is None)


def test_a_question_about_a_link_shows_its_true_address(shown: Browser, qtbot: QtBot) -> None:
    shown.ask_to_open(QUrl("https://bank.example@evil.example/%3Cimg%20src=x%3E"))
    box = question(shown)
    assert box is not None
    assert box.text().split()[1] == "evil.example"
    assert "%3Cimg" in box.hint()
    for words in box.findChildren(QLabel):
        assert words.text() == "" or words.textFormat() == Qt.TextFormat.PlainText
    box.close()


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "FILE:///x",
        "javascript:alert(1)",
        "data:text/html,x",
        "qrc:/x",
        "#a",
        "smb://x",
        "x",
    ],
)
def test_other_links_do_nothing(shown: Browser, opened: list[str], link: str) -> None:
    shown.anchorClicked.emit(QUrl(link))
    assert question(shown) is None
    assert opened == []


SIGNS = """![ ]( ) [ ] <img·src= < > file:// http: ' " ` ```\n | --- -· >· 1.· ···· * _ # \\ &#x41; [r]:·"""
PIECES = st.sampled_from(
    [*(sign.replace("·", " ") for sign in SIGNS.split(" ")), "\n", "\n\n", "\ufffc", "\u202e", "\0"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.one_of(PIECES, st.text(max_size=4), st.just("FILE")), max_size=60))
@example(parts=["\ufffc"] * 60)
@example(parts=["> "] * 60)
def test_whatever_the_markdown_it_holds_no_picture(shown: Browser, picture: Path, parts: list[str]) -> None:
    text = "".join(picture.as_uri() if part == "FILE" else part for part in parts)
    shown.set_markdown(text)
    assert pictures_in(shown.document()) == []
    assert "\ufffc" not in shown.toPlainText()
    assert not shows_signal(shown)


SLOW = {
    "cells": "|" + "a|" * 3000,
    "rows": "| a | b |\n|---|---|\n" + "| c | d |\n" * 5000,
    "long": "x" * 200_000,
    "objects": "\ufffc" * 15_000,
    "quotes": "> " * 8000,
    "lists": "- " * 8000,
    "brackets": "[" * 16_000,
    "pictures": "![" * 8000,
    "stars": "*" * 16_000,
    "ticks": "`" * 16_000,
    "nested": "\n".join("  " * n + "- a" for n in range(120)),
    "words": "word " * 40_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_no_text_freezes_the_screen(shown: Browser, text: str) -> None:
    began = time.process_time()
    shown.set_markdown(text)
    assert time.process_time() - began < 1.0  # 50 ms is the aim; this machine may be busy


HOSTILE = '<img src="{0}"><b>bold</b> ![a]({0}) <table background="{0}"><tr><td>x</td></tr></table>'


@pytest.fixture
def hostile(library: Library, picture: Path, tmp_path: Path) -> str:
    """A library in which every text of the user's is an attack; returns the text."""
    text = HOSTILE.format(picture.as_uri())
    add_tasks(
        library,
        [
            Task(
                family=text, query=text, context=text, answer=text, tags=("worked-example", text), split=split
            )
            for split in ("train", "heldout")
        ],
    )
    chat = make_chat(library, title=text, model=tmp_path / f"{SIDE}<b>x.gguf", adapter=None, system=text)
    add_message(library, chat.id, ChatMessage(role="user", content=text))
    add_message(library, chat.id, ChatMessage(role="assistant", content=text, finish_reason="stop"))
    return text


def test_no_page_shows_outside_text_as_markup(
    window: Window, hostile: str, server: Server, qtbot: QtBot
) -> None:
    for entry in PAGES:
        if entry is not None:
            page = window.show_page(entry[0])
            wait_for_background(window.desk, qtbot)
            check(page)
    page = window.show_page("chat")
    page.go({"chat": "chat-1"})
    qtbot.waitUntil(lambda: len(page.view.views) == 1, timeout=5000)
    check(page)
    assert server.requests == []


def check(page: QWidget) -> None:
    """No label, tooltip, or text view below shows the hostile text as markup."""
    assert not shows_signal(page)
    for words in page.findChildren(QLabel):
        if "<img" in words.text():
            assert words.textFormat() == Qt.TextFormat.PlainText, words.text()
    for widget in page.findChildren(QWidget):
        assert "<img" not in widget.toolTip(), (widget, widget.toolTip())
        if isinstance(widget, QAbstractItemView) and widget.model():
            check_cells(widget.model())
        if isinstance(widget, QTextEdit):
            assert isinstance(widget, Browser), widget
            assert pictures_in(widget.document()) == []


def check_cells(model: QAbstractItemModel) -> None:
    """No cell's tooltip is markup with the hostile text."""
    for row in range(20):
        for column in range(20):
            tip = model.index(row, column, QModelIndex()).data(Qt.ItemDataRole.ToolTipRole)
            assert "<img" not in str(tip or ""), tip


def test_the_code_has_no_way_around() -> None:
    """No box of Qt's, whose text may be read as markup, and no rich text view but ours."""
    suspect = re.compile(
        r"\b(QMessageBox|QInputDialog|AutoText|RichText|MarkdownText|QTextBrowser|QTextEdit)\b"
    )
    for path in UI.rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        if not suspect.search(code):
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                where = f"{path.name}:{node.lineno}"
                if node.attr in ("AutoText", "RichText", "MarkdownText"):
                    raise AssertionError(f"{where}: labels show plain text only")
            if isinstance(node, ast.Name):
                assert node.id not in ("QMessageBox", "QInputDialog"), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and path.name != "browser.py":
                assert node.func.id not in ("QTextBrowser", "QTextEdit"), f"{path.name}:{node.lineno}"
