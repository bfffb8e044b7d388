"""How the models are asked: holds the system message and the sampling, and saves them for the next chat."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.offer import ChatOffer, save_sampling, save_system, save_votes
from orca_desk.steps.chat.voting import check_votes
from orca_desk.ui.page import Page
from orca_desk.ui.pages.chat.sampling_panel import SamplingPanel, SamplingPopover
from orca_desk.ui.pages.chat.system_bar import SystemBar
from orca_desk.ui.theme import GRID

PANE = 60 * GRID  # px, of the sampling settings beside the conversation
TYPING_MS = 400


class ChatSettings(QObject):
    """Holds the system message and the sampling settings, and saves changes for the next chat.

    `votes_changed` carries how often each message is asked.
    """

    votes_changed = Signal(int)

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page = page
        self.system = SystemBar(page.desk, page.notice.show_error)
        self.sampling = Sampling()
        self.votes = 1  # how often a message is asked
        self.system.changed.connect(self._save_system)

    def make_pane(self) -> SamplingPanel:
        """Return the panel that stands beside the conversation; what is typed there counts at once."""
        self.pane = SamplingPanel(self._page, self.sampling, self.votes)
        self.pane.setFixedWidth(PANE)
        self.pane.hide()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(lambda: self._take_sampling(self.pane))
        self.pane.changed.connect(self._typing.start)
        return self.pane

    def show_saved(self, offer: ChatOffer) -> None:
        """Start with the settings last used."""
        self.sampling = offer.sampling
        self.votes = offer.votes if offer.sampling.temperature > 0 else 1
        self.votes_changed.emit(self.votes)
        self.pane.show_value(self.sampling, self.votes)
        if offer.system is not None:
            self.system.set_text(offer.system)

    def show_sampling(self, beside: QWidget) -> None:
        """Show the sampling settings below a button."""
        popover = SamplingPopover(self._page, self.sampling, self.votes)
        popover.closed.connect(lambda: self._take_sampling(popover))
        popover.open_below(beside)

    def show_pane(self, is_wide: bool) -> None:
        """Show the sampling settings beside the conversation, or only on demand."""
        if is_wide:
            self.pane.show_value(self.sampling, self.votes)
        self.pane.setVisible(is_wide)

    def _take_sampling(self, panel: SamplingPanel) -> None:
        votes = panel.votes.value()
        try:
            sampling = panel.form.value()
            check_votes(votes, sampling)
        except UserError as error:
            self._page.notice.show_error(error)
            return
        self.sampling, self.votes = sampling, votes
        self.votes_changed.emit(votes)
        desk = self._page.desk
        desk.write(lambda: save_sampling(desk.library, sampling))
        desk.write(lambda: save_votes(desk.library, votes))

    def _save_system(self) -> None:
        desk, text = self._page.desk, self.system.text()
        desk.write(lambda: save_system(desk.library, text))
