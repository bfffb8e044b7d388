"""The Hub page: nothing connects before the user goes online; then search, download, and offline again."""

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from desktop_waits import wait_for_background
from hub_server import HubServer, ServedRepo, hub_server
from keyring.backends import fail
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tiny_models import TinyModel

from orca_desk.inventory.catalogue import added_paths
from orca_desk.library.runs import list_runs
from orca_desk.models.hub.listing import HubModel
from orca_desk.ui import online as online_module
from orca_desk.ui.pages.hub.connection_dialog import ConnectionDialog
from orca_desk.ui.pages.hub.page import HubPage
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window

LONG = 30_000  # ms: a worker starts in between


@pytest.fixture
def hub(tiny_llama: TinyModel) -> Iterator[HubServer]:
    files = {"tiny-Q8_0.gguf": tiny_llama.gguf.read_bytes(), "README.md": b"---\na: b\n---\n# Tiny **card**"}
    facts = {"tags": ["gguf", "license:gemma"], "downloads": 5, "gated": "auto", "gguf": {"total": 123_000}}
    folder = {path.name: path.read_bytes() for path in tiny_llama.folder.iterdir() if path.suffix != ".gguf"}
    refused = dict(folder) | {"config.json": b'{"model_type": "mamba", "num_hidden_layers": 2}'}
    with hub_server(
        ServedRepo(name="me/tiny-GGUF", files=files, facts=facts),
        ServedRepo(name="me/mamba", files=refused, facts={"tags": ["safetensors"]}),
    ) as state:
        yield state


@pytest.fixture
def page(
    window: Window, hub: HubServer, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HubPage]:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("ORCA_DESK_MODELS", str(tmp_path / "models"))
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    shown = window.show_page("hub")
    assert isinstance(shown, HubPage)
    wait_for_background(window.desk, qtbot)
    yield shown
    keyring.set_keyring(before)


def sign(window: Window) -> str:
    return window.status._offline.text()


def search(page: HubPage, qtbot: QtBot, text: str) -> None:
    page.search.text.setText(text)
    qtbot.mouseClick(page.search.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"for “{text}”" in page.finder.heading.text(), timeout=LONG)


def test_the_list_needs_no_connection_and_a_click_goes_online(
    page: HubPage, window: Window, hub: HubServer, qtbot: QtBot
) -> None:
    assert page.finder.recommended.rows and page.finder.heading.text().startswith("Recommended for")
    assert page.detail.isVisible() and "Licence: " in page.detail.licence.text()
    assert not page.detail.download.isVisible() and "go online to see" in page.detail.note.text()
    page.search.text.setText("tiny")
    qtbot.keyClick(page.search.text, Qt.Key.Key_Return)
    assert page.notice.text.text() == "You are offline." and sign(window) == "Works offline"
    assert hub.asked == []
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.finder.found.rows), timeout=LONG)
    assert sign(window).startswith("Online: 127.0.0.1:")
    qtbot.mouseClick(page.online, Qt.MouseButton.LeftButton)
    assert sign(window) == "Works offline" and page.online.text() == "Go online"


def test_a_model_shows_its_licence_gate_card_files_and_fit(page: HubPage, qtbot: QtBot) -> None:
    search(page, qtbot, "tiny")
    detail = page.detail
    qtbot.waitUntil(lambda: detail.fit.isVisible(), timeout=LONG)
    assert detail.title.text() == "me/tiny-GGUF" and "under the same terms" in detail.licence.text()
    assert detail.gate.isVisible() and "accept its conditions" in detail.gate.text()
    assert "Tiny card" in detail.card.toPlainText().replace("\n", " ")
    row = [detail.files.index(0, column).data() for column in range(4)]
    assert row[:2] == ["tiny-Q8_0.gguf", "Q8_0"] and row[3] == "fits"
    assert detail.fit.text().startswith("Serving me/tiny-GGUF")
    assert "5 downloads" in detail.facts.text()
    detail.show_found(HubModel(name="me/mamba"))  # of which the hub says nothing
    assert detail.facts.text() == ""


def test_what_cannot_be_trained_says_so_before_the_download(page: HubPage, qtbot: QtBot) -> None:
    search(page, qtbot, "mamba")
    qtbot.waitUntil(lambda: page.detail.fit.isVisible(), timeout=LONG)
    assert page.detail.fit.text().startswith("It can't be trained.") and "mamba" in page.detail.fit.text()
    assert page.detail.files.index(0, 3).data() == "can't be trained"


def test_a_download_ends_on_the_models_page_and_offline(
    page: HubPage, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    search(page, qtbot, "tiny")
    qtbot.waitUntil(lambda: page.detail.download.isVisible(), timeout=LONG)
    qtbot.mouseClick(page.detail.download, Qt.MouseButton.LeftButton)
    assert page.detail.download.text() == "Downloading…"
    assert len([panel for panel in page.findChildren(JobPanel) if panel.isVisible()]) == 1
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=LONG)
    file = tmp_path / "models" / "me" / "tiny-GGUF" / "tiny-Q8_0.gguf"
    assert "every file has the hub's hash" in page.notice.text.text() and file.exists()
    assert added_paths(window.desk.library) == [file]
    assert sign(window) == "Works offline" and not window.desk.online.is_online
    qtbot.waitUntil(lambda: "offline again" in window.status.message.toolTip() + window.status.message.text())
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    models = window.pages["models"]
    qtbot.waitUntil(lambda: file in [item.model.path for item in models.models.rows])  # type: ignore[attr-defined]


def test_going_offline_stops_a_download_that_resumes_by_its_run(
    page: HubPage, window: Window, hub: HubServer, qtbot: QtBot, tmp_path: Path
) -> None:
    search(page, qtbot, "tiny")
    qtbot.waitUntil(lambda: page.detail.fit.isVisible(), timeout=LONG)
    reached, released = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        released.wait(20)

    hub.hold = hold
    qtbot.mouseClick(page.detail.download, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(reached.is_set, timeout=LONG)
    qtbot.mouseClick(page.online, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished, timeout=LONG)
    released.set()
    hub.hold = None
    (run,) = list_runs(window.desk.library)
    assert run.status == "cancelled"
    hub.asked.clear()
    window.desk.open("hub", resume=run.id)
    qtbot.waitUntil(lambda: page.notice.isVisible())
    assert page.notice.text.text() == "Download tiny-Q8_0.gguf is not finished." and hub.asked == []
    qtbot.mouseClick(page.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.notice.text.text().startswith("Downloaded"), timeout=LONG)
    assert (tmp_path / "models/me/tiny-GGUF/tiny-Q8_0.gguf").exists()
    assert [one.status for one in list_runs(window.desk.library)] == ["done"]


def test_nothing_asked_for_a_while_is_offline_again(
    page: HubPage, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.desk.online._idle.setInterval(1)
    qtbot.mouseClick(page.online, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(window.desk.online.ended_itself, timeout=LONG):
        pass
    assert sign(window) == "Works offline" and online_module.IDLE_MS == 600_000


def test_errors_of_the_hub_are_shown_on_the_page(page: HubPage, hub: HubServer, qtbot: QtBot) -> None:
    hub.repos[0].private, hub.token = True, "hf_other"
    search(page, qtbot, "tiny")
    qtbot.waitUntil(lambda: "has no model" in page.detail.note.text(), timeout=LONG)
    hub.repos[0].private = False
    search(page, qtbot, f"{hub.endpoint}/me/tiny-GGUF")  # the address of its page
    assert [one.name for one in page.finder.found.rows] == ["me/tiny-GGUF"]
    search(page, qtbot, "nothing-like-this")
    assert page.finder.stack.currentWidget() is page.finder.nothing
    search(page, qtbot, "tiny")
    page.search._size.setCurrentText("Over 10 B")
    page.search._size.activated.emit(page.search._size.currentIndex())
    qtbot.waitUntil(lambda: page.finder.stack.currentWidget() is page.finder.nothing, timeout=LONG)
    assert [one.query for one in hub.asked if one.path == "/api/models"][-1]["num_parameters"] == [
        "min:10000M"
    ]
    page.finder.show_recommended()
    qtbot.keyClick(page.search.text, Qt.Key.Key_Escape)
    assert page.search.words == "" and page.finder.recommended_table.hasFocus()


def test_the_connection_takes_an_address_and_a_token(page: HubPage, window: Window, qtbot: QtBot) -> None:
    page.ask_for_connection()
    (dialog,) = page.findChildren(ConnectionDialog)
    qtbot.waitUntil(lambda: "No token" in dialog.state.text(), timeout=LONG)
    assert (
        "has no keyring" in dialog.state.text() and dialog.token.echoMode() == dialog.token.EchoMode.Password
    )
    dialog.address.setText("http://hub.example")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.isVisible())
    assert "not encrypted" in dialog.notice.text.text()
    dialog.address.setText("https://hub.example/")
    dialog.token.setText("hf_mine")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.findChildren(ConnectionDialog))
    assert "Kept until Orca Desk closes" in window.status.message.text()
    page.ask_for_connection()
    (again,) = page.findChildren(ConnectionDialog)
    qtbot.waitUntil(lambda: again.remove.isVisible(), timeout=LONG)
    assert again.address.text() == "https://hub.example" and again.token.text() == ""
    qtbot.mouseClick(again.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "No token" in again.state.text())
    again.reject()


def test_a_page_opens_outside_after_a_question(page: HubPage, window: Window, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.detail.page_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(page.detail.card.findChildren(MessageBox)))
    (box,) = page.detail.card.findChildren(MessageBox)
    assert page.detail.name in box.hint()
    box.reject()
