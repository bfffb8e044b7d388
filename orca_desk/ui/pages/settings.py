"""The Settings page."""

from orca_desk.ui.page import Page


class SettingsPage(Page):
    """To be built."""

    name = "settings"
    title = "Settings"
