"""The progress in the task bar of Windows, by the COM interface ITaskbarList3."""

import ctypes
import logging
import uuid

from PySide6.QtWidgets import QWidget

CLASS = uuid.UUID("56fdf344-fd6d-11d0-958a-006097c9a090")
INTERFACE = uuid.UUID("ea1afb91-9e28-4b86-90e9-9e9f8a5eefaf")
IN_PROCESS = 1  # CLSCTX_INPROC_SERVER
NONE, NORMAL = 0, 2  # TBPF_NOPROGRESS, TBPF_NORMAL
INIT, SET_VALUE, SET_STATE = 3, 9, 10  # places in the interface's table of functions

logger = logging.getLogger(__name__)


class WindowsTaskBar:
    """Shows a percentage on the window's button; shows nothing where Windows refuses the interface."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._list: ctypes.c_void_p | None = None
        self._is_asked = False

    def __call__(self, percent: int | None) -> None:
        """Show a percentage, or with None that nothing runs."""
        if not self._is_asked:  # the window has a button by now
            self._is_asked = True
            self._list = _task_bar()
        if self._list is None:
            return
        handle = ctypes.c_void_p(int(self._window.winId()))
        if percent is None:
            self._call(SET_STATE, handle, ctypes.c_int(NONE))
            return
        self._call(SET_STATE, handle, ctypes.c_int(NORMAL))
        self._call(SET_VALUE, handle, ctypes.c_ulonglong(percent), ctypes.c_ulonglong(100))

    def _call(self, place: int, *arguments: "ctypes._SimpleCData[int] | ctypes.c_void_p") -> None:
        assert self._list is not None
        _call(self._list, place, *arguments)


def _task_bar() -> ctypes.c_void_p | None:
    """Return Windows' list of task bar buttons; None if it is refused."""
    ole = getattr(ctypes, "windll").ole32  # noqa: B009 - mypy knows it on Windows alone
    ole.CoInitialize(None)
    found = ctypes.c_void_p()
    ids = [ctypes.create_string_buffer(one.bytes_le, 16) for one in (CLASS, INTERFACE)]
    code = ole.CoCreateInstance(ids[0], None, IN_PROCESS, ids[1], ctypes.byref(found))
    if code != 0 or not found or _call(found, INIT) != 0:
        logger.warning("Windows shows no progress in its task bar: code %s", code)
        return None
    return found


def _call(this: ctypes.c_void_p, place: int, *arguments: "ctypes._SimpleCData[int] | ctypes.c_void_p") -> int:
    """Call a function of a COM interface by its place in the table."""
    table = ctypes.cast(this, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
    kinds = [type(one) for one in arguments]
    make = getattr(ctypes, "WINFUNCTYPE")  # noqa: B009 - as above
    function = make(ctypes.c_long, ctypes.c_void_p, *kinds)(table[place])
    return int(function(this, *arguments))
