"""The Settings card for jobs: whether they keep the computer awake, and whether their end is announced."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QCheckBox

from orca_desk.machine.awake import AFTER, VARIABLE, keeps_awake, store_keeps_awake
from orca_desk.ui.desk import Desk
from orca_desk.ui.notify import wants_notices
from orca_desk.ui.preferences import NOTIFY
from orca_desk.ui.widgets.settings_card import SettingsCard
from orca_desk.ui.widgets.text import label


class JobsCard(SettingsCard):
    """Two switches; both are the user's, for all libraries."""

    def __init__(self, desk: Desk, show_error: Callable[[Exception], Any]) -> None:
        super().__init__(
            desk,
            image="activity",
            title="Jobs",
            about="For all your libraries, in the desktop and in commands.",
        )
        self._show_error = show_error
        self.awake = QCheckBox("Keep the computer awake")
        self.awake.setChecked(keeps_awake())
        self.awake.setToolTip(
            f"While a job runs for more than {AFTER:.0f} seconds, the system does not go to sleep."
            f" The screen may go dark. ${VARIABLE}=0 or 1 overrides it for one start."
        )
        self.awake.toggled.connect(self._choose_awake)
        self.notices = QCheckBox("Notify when a job ends")
        self.notices.setChecked(wants_notices(desk))
        self.notices.setToolTip("Only while the window is in the background. A click shows the result.")
        self.notices.toggled.connect(lambda on: desk.preferences.setValue(NOTIFY, "true" if on else "false"))
        self.rows.addWidget(self.awake)
        self.rows.addWidget(
            label(
                "While a job runs the system does not go to sleep; the screen may.", tone="muted", wrap=True
            )
        )
        self.rows.addWidget(self.notices)
        self.rows.addWidget(
            label(
                "By the system's notifications and in the task bar, while another window is in front.",
                tone="muted",
                wrap=True,
            )
        )
        self.paint()

    def _choose_awake(self, on: bool) -> None:
        try:
            store_keeps_awake(on)
        except OSError as error:
            self._show_error(error)
        self.desk.jobs.changed.emit()
