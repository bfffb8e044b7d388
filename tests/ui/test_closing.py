"""Closing the window leaves nothing behind: no thread, no running timer, no window."""

import gc
import threading

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.register import PAGES
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.formula_text import Formula
from orca_desk.ui.widgets.formulas import formulas


def visit_everything(library: Library, theme: Theme, qtbot: QtBot) -> None:
    with desktop(library, theme) as window:
        window.show()
        for entry in PAGES:
            if entry:
                window.show_page(entry[0])
                QCoreApplication.processEvents()
        qtbot.waitUntil(lambda: window.desk.models.is_read, timeout=10_000)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def running_timers() -> list[QTimer]:
    found = [one for one in gc.get_objects() if issubclass(type(one), QTimer)]  # proxies warn if asked
    return [one for one in found if isValid(one) and one.isActive()]


def test_nothing_is_left_behind_however_often(
    library: Library, theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    threads, timers = set(threading.enumerate()), len(running_timers())
    visit_everything(library, theme, qtbot)
    gc.collect()
    assert set(threading.enumerate()) - threads == set()
    assert len(running_timers()) <= timers  # one of an earlier test may have gone in the meantime
    assert [one for one in qapp.topLevelWidgets() if one.isVisible()] == []
    widgets = len(qapp.allWidgets())
    visit_everything(library, theme, qtbot)
    gc.collect()
    assert len(qapp.allWidgets()) <= widgets


def test_no_thread_sets_formulas_after_closing(library: Library, theme: Theme) -> None:
    with desktop(library, theme) as window:
        window.show()
        for power in range(40):
            formulas().look_up(Formula(f"$x^{{{power}}}$", f"x^{{{power}}}", False))
    assert not [one for one in threading.enumerate() if one.name.startswith("formulas")]
