"""The Training page."""

from orca_desk.ui.page import Page


class TrainingPage(Page):
    """To be built."""

    name = "training"
    title = "Training"
