"""How the models of a chat are asked: the system message and the sampling, kept in the library."""

from dataclasses import asdict
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QWidget

from orca_desk.errors import UserError
from orca_desk.library.settings import set_setting
from orca_desk.method.records import Sampling
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.offer import SAMPLING, SYSTEM, Offer
from orca_desk.ui.pages.chat.system import SamplingPopover, SystemBar


class ChatSettings(QObject):
    """Holds both, and keeps what the user changes for the next time."""

    def __init__(self, page: Page, system: SystemBar) -> None:
        super().__init__(page)
        self._page, self.system = page, system
        self.sampling = Sampling()
        system.changed.connect(self._keep_system)

    def take(self, offer: Offer) -> None:
        """Begin with what was kept."""
        self.sampling = offer.sampling
        if offer.system is not None:
            self.system.set_text(offer.system)

    def show_sampling(self, beside: QWidget) -> None:
        """Show the sampling settings below a button."""
        popover = SamplingPopover(self._page, self.sampling)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.closed.connect(lambda: self._keep_sampling(popover))
        popover.adjustSize()
        popover.move(beside.mapToGlobal(QPoint(beside.width() - popover.width(), beside.height())))
        popover.show()
        popover.form.control("temperature").setFocus()

    def _keep_sampling(self, popover: SamplingPopover) -> None:
        try:
            self.sampling = popover.form.value()
        except UserError as error:
            self._page.notice.show_error(error)
            return
        kept = {name: value for name, value in asdict(self.sampling).items() if name != "stop"}
        self._keep(SAMPLING, kept)

    def _keep_system(self) -> None:
        self._keep(SYSTEM, self.system.text())

    def _keep(self, key: str, value: Any) -> None:
        desk = self._page.desk
        desk.write(lambda: set_setting(desk.library, key, value))
