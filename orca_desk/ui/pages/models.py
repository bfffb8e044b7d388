"""The Models page."""

from orca_desk.ui.page import Page


class ModelsPage(Page):
    """To be built."""

    name = "models"
    title = "Models"
