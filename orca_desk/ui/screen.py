"""The worker that checks whether Qt can draw. Where it cannot, it says why and ends this process."""

import os

from orca_desk.display import has_display
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(draw)


def draw(channel: Channel) -> None:
    """Show a window for a moment and read one of its pixels back; without a display, in memory."""
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import Qt, qVersion
    from PySide6.QtGui import QColor, QPalette
    from PySide6.QtWidgets import QWidget

    from orca_desk.ui.starting import application

    app = application()
    window, colour = QWidget(), QColor(Qt.GlobalColor.cyan)
    window.setPalette(QPalette(colour))
    window.setAutoFillBackground(True)
    window.resize(64, 64)
    window.show()
    app.processEvents()
    seen = window.grab().toImage().pixelColor(32, 32)
    channel.emit(
        {
            "event": "drawn",
            "qt": qVersion(),
            "platform": app.platformName(),
            "right": seen.rgb() == colour.rgb(),
        }
    )
