"""The Evaluate page."""

from orca_desk.ui.page import Page


class EvaluatePage(Page):
    """To be built."""

    name = "evaluate"
    title = "Evaluate"
