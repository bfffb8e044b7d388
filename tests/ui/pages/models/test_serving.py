"""The switch on the Models page serves models to other programs, and the status bar says so."""

import json
import socket
from collections.abc import Iterator
from urllib.request import urlopen

import psutil
import pytest
from processes import ends
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.inventory.bundled import mini_teacher
from orca_desk.inventory.templates import set_override
from orca_desk.library.database import Library
from orca_desk.models.chat_template import read_chat_template
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.chat.serving import ServeSettings, read_choice, save_choice
from orca_desk.ui.pages.models.page import ModelsPage
from orca_desk.ui.pages.models.serve_dialog import ServeDialog
from orca_desk.ui.widgets.serving_sign import ServingSign
from orca_desk.ui.window import Window
from orca_desk.ui.words.serving import ABOUT, TEMPLATE_KEPT

LONG_MS = 60_000


@pytest.fixture
def page(library: Library, window: Window) -> Iterator[ModelsPage]:
    """The page, which serves at any free port."""
    save_choice(library, None, ServeSettings(port=0))
    shown = window.show_page("models")
    assert isinstance(shown, ModelsPage)
    yield shown
    window.desk.serving.stop()


def sign_of(window: Window) -> ServingSign:
    (sign,) = window.status.findChildren(ServingSign)
    return sign


def switch(page: ModelsPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.serve_strip.switch, Qt.MouseButton.LeftButton)


def dialog() -> ServeDialog | None:
    found = [
        one for one in QApplication.topLevelWidgets() if isinstance(one, ServeDialog) and one.isVisible()
    ]
    return found[0] if found else None


def workers() -> list[psutil.Process]:
    return [
        one
        for one in psutil.Process().children()
        if one.is_running() and one.cmdline()[-2:] == ["worker", "serve"]
    ]


def test_on_and_off(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    strip, sign, serving = page.serve_strip, sign_of(window), window.desk.serving
    assert not strip.switch.isChecked() and sign.isHidden() and strip.about.text() == ABOUT
    switch(page, qtbot)
    qtbot.waitUntil(lambda: serving.state == "on", timeout=LONG_MS)
    assert serving.ready is not None and strip.switch.isChecked() and not strip.options.isEnabled()
    assert strip.about.text().startswith(f"base and teacher at {serving.ready.url}")
    assert sign.isVisible() and sign.text() == f"Serving at {serving.ready.url[7:-3]}"
    with urlopen(f"{serving.ready.url}/models", timeout=30) as response:
        assert [one["id"] for one in json.load(response)["data"]] == ["base", "teacher"]
    strip.copy_url.click()
    assert QGuiApplication.clipboard().text() == serving.ready.url
    (worker,) = workers()
    switch(page, qtbot)
    qtbot.waitUntil(lambda: serving.state == "off", timeout=LONG_MS)
    assert sign.isHidden() and strip.about.text() == ABOUT and strip.options.isEnabled()
    assert ends(worker.pid)


def test_what_is_to_know_of_the_models_is_told_with_their_names(
    page: ModelsPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    template = read_chat_template(mini_teacher())
    assert template is not None
    set_override(library, mini_teacher(), template + "{# mine #}")
    serving, about = window.desk.serving, page.serve_strip.about
    switch(page, qtbot)
    qtbot.waitUntil(lambda: serving.state == "on", timeout=LONG_MS)
    note = "teacher: The chat template is yours, not the model's own."
    assert about.text().endswith(note) and note in sign_of(window).toolTip().replace("&#x27;", "'")


def test_a_template_that_changes_meanwhile_is_not_served(
    page: ModelsPage, window: Window, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: page.detail.item is not None)
    model = page.detail.item and page.detail.item.model
    assert isinstance(model, ModelFile)
    switch(page, qtbot)
    qtbot.waitUntil(lambda: window.desk.serving.state == "on", timeout=LONG_MS)
    said: list[str] = []
    window.desk.noticed.connect(lambda text, tone: said.append(text))
    page.detail._give_template(model, "{{ messages[0].content }}")
    qtbot.waitUntil(lambda: TEMPLATE_KEPT in said)


def test_the_sign_leads_to_the_switch(page: ModelsPage, window: Window, qtbot: QtBot) -> None:
    window.show_page("home")
    page.serve_strip.toggle()
    qtbot.waitUntil(lambda: window.desk.serving.state == "on", timeout=LONG_MS)
    qtbot.mouseClick(sign_of(window), Qt.MouseButton.LeftButton)
    assert window.page is page and page.serve_strip.switch.hasFocus()


def test_a_port_that_is_taken_is_told(
    page: ModelsPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        save_choice(library, None, ServeSettings(port=port))
        switch(page, qtbot)
        qtbot.waitUntil(window.notice.isVisible, timeout=LONG_MS)
    assert f"Port {port} is in use" in window.notice.text.text()
    qtbot.waitUntil(lambda: window.desk.serving.state == "off")
    assert not page.serve_strip.switch.isChecked()


def test_the_network_needs_a_key(page: ModelsPage, window: Window, library: Library, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.serve_strip.options, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog() is not None)
    asked = dialog()
    assert asked and asked.start.isEnabled() and asked.exposed.isHidden()
    asked.host.setCurrentIndex(1)
    assert not asked.start.isEnabled() and "an API key is required" in asked.exposed.text()
    asked.key.setText("two words")
    asked.start.click()
    assert asked.isVisible() and "without spaces" in asked.notice.text.text()
    qtbot.mouseClick(asked.make_key, Qt.MouseButton.LeftButton)
    key = asked.key.text()
    assert len(key) >= 32
    qtbot.mouseClick(asked.start, Qt.MouseButton.LeftButton)
    serving = window.desk.serving
    qtbot.waitUntil(lambda: serving.state == "on", timeout=LONG_MS)
    assert sign_of(window).text().startswith("Serving to the network at ")
    assert read_choice(library) == (None, ServeSettings(host="0.0.0.0", port=0))
    switch(page, qtbot)
    qtbot.waitUntil(lambda: serving.state == "off", timeout=LONG_MS)
    switch(page, qtbot)  # the key of this session is used again
    qtbot.waitUntil(lambda: serving.state == "on", timeout=LONG_MS)
    assert serving.key == key and dialog() is None


def test_a_saved_network_address_asks_for_the_key_again(
    page: ModelsPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    save_choice(library, None, ServeSettings(host="0.0.0.0", port=0))
    switch(page, qtbot)
    qtbot.waitUntil(lambda: dialog() is not None)
    assert not page.serve_strip.switch.isChecked() and window.desk.serving.state == "off"
    asked = dialog()
    assert asked
    asked.reject()
