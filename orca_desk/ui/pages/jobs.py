"""The Jobs page."""

from orca_desk.ui.page import Page


class JobsPage(Page):
    """To be built."""

    name = "jobs"
    title = "Jobs"
