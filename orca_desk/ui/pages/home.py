"""The Home page."""

from orca_desk.ui.page import Page


class HomePage(Page):
    """To be built."""

    name = "home"
    title = "Home"
