"""The Records page."""

from orca_desk.ui.page import Page


class RecordsPage(Page):
    """To be built."""

    name = "records"
    title = "Records"
