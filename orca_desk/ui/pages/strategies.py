"""The Strategies page."""

from orca_desk.ui.page import Page


class StrategiesPage(Page):
    """To be built."""

    name = "strategies"
    title = "Strategies"
