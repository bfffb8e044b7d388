"""The dialog for a model's chat template: tried while it is edited, used, and taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from chat_templates import QWEN3
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from tiny_models import CHATML, TinyModel, make_tiny

from orca_desk.inventory.templates import override_of, set_override
from orca_desk.models.identify import identify
from orca_desk.ui.pages.models.page import ModelsPage
from orca_desk.ui.pages.models.template_dialog import TemplateDialog
from orca_desk.ui.window import Window

OWN = "Rules hold.\r\n" + CHATML


def open_dialog(window: Window, qtbot: QtBot, model: Path) -> tuple[TemplateDialog, list[str | None]]:
    saved: list[str | None] = []
    dialog = TemplateDialog(window.desk, window, identify(model), saved.append)
    dialog.open()
    wait(qtbot, lambda: dialog.report is not None)
    return dialog, saved


def wait(qtbot: QtBot, condition: Callable[[], object]) -> None:
    """Wait for workers, which can take their time on a busy machine."""
    qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)


def told(dialog: TemplateDialog) -> str:
    return "\n".join(one.text() for one in dialog.findings.findChildren(QLabel) if one.text())


def test_the_models_own_template_is_shown_and_tried(
    window: Window, qtbot: QtBot, tiny_llama: TinyModel
) -> None:
    dialog, _ = open_dialog(window, qtbot, tiny_llama.gguf)
    assert dialog.whose.text() == "The model's own template"
    assert dialog.editor.toPlainText() == CHATML
    assert "You are a careful assistant." in dialog.preview.toPlainText()
    assert "<|im_end|>↵" in dialog.preview.toPlainText()
    assert "An answer ends with the token <|im_end|>." in told(dialog)
    assert not dialog.use.isEnabled()
    assert not dialog.reset.isEnabled()


def test_an_edited_template_is_tried_and_used(window: Window, qtbot: QtBot, tiny_llama: TinyModel) -> None:
    dialog, saved = open_dialog(window, qtbot, tiny_llama.folder)
    dialog.editor.setPlainText("{% for m in messages %}")
    assert not dialog.use.isEnabled()
    wait(qtbot, lambda: "cannot run: TemplateSyntaxError" in told(dialog))
    assert dialog.preview.toPlainText() == ""
    assert not dialog.use.isEnabled()
    dialog.editor.setPlainText(CHATML.replace("assistant", "helper"))
    wait(qtbot, dialog.use.isEnabled)
    assert "Prompts differ from those that the model was trained with" in told(dialog)
    dialog.use.click()
    assert saved == [CHATML.replace("assistant", "helper")]
    assert not dialog.isVisible()


def test_the_own_template_can_be_used_again(window: Window, qtbot: QtBot, tiny_llama: TinyModel) -> None:
    set_override(window.desk.library, tiny_llama.folder, OWN)
    dialog, saved = open_dialog(window, qtbot, tiny_llama.folder)
    assert dialog.whose.text() == "Your template for this model"
    dialog.reset.click()
    wait(qtbot, dialog.use.isEnabled)
    assert dialog.use.text() == "Use the model's own"
    dialog.use.click()
    assert saved == [None]


def test_a_switch_becomes_a_line(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    thinking = make_tiny(tmp_path, template=QWEN3, more=("<think>", "</think>"))
    dialog, _ = open_dialog(window, qtbot, thinking.folder)
    combo = dialog.switches["enable_thinking"]
    assert combo.currentText() == "As the template decides"
    combo.setCurrentText("Off")
    assert dialog.editor.toPlainText().startswith("{% set enable_thinking = false %}\n{%- if tools %}")
    wait(qtbot, dialog.use.isEnabled)
    assert dialog.preview.toPlainText().endswith("<think>↵\n↵\n</think>↵\n↵\n")
    dialog.switches["enable_thinking"].setCurrentText("As the template decides")
    assert dialog.editor.toPlainText() == QWEN3


def test_the_page_stores_it_and_takes_it_back(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("models")
    assert isinstance(page, ModelsPage)
    wait(qtbot, lambda: len(page.models.rows) >= 3 and page.detail.item is not None)
    item = page.detail.item
    assert item is not None
    library, path = window.desk.library, item.model.path
    page.detail.template.click()
    dialog = page.detail.template_dialog
    wait(qtbot, lambda: dialog.report is not None)
    dialog.editor.setPlainText(OWN)
    wait(qtbot, dialog.use.isEnabled)
    dialog.use.click()
    wait(qtbot, lambda: override_of(library, path) == OWN.replace("\r\n", "\n"))
    wait(qtbot, lambda: "The chat template is yours" in page.detail.notes.text())
    assert page.detail.facts["Chat template"].text() == "yours"
    window.desk.undo.undo()
    wait(qtbot, lambda: override_of(library, path) is None)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_is_no_text_is_told(
    window: Window,
    qtbot: QtBot,
    tiny_llama: TinyModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
) -> None:
    file = tmp_path / "mine.jinja"
    if content:
        file.write_bytes(content)
    dialog, _ = open_dialog(window, qtbot, tiny_llama.folder)
    monkeypatch.setattr(
        "orca_desk.ui.pages.models.template_dialog.QFileDialog.getOpenFileName",
        lambda *_: (str(file), ""),
    )
    dialog.open_file.click()
    wait(qtbot, dialog.notice.isVisible)
