"""The Tasks page."""

from orca_desk.ui.page import Page


class TasksPage(Page):
    """To be built."""

    name = "tasks"
    title = "Tasks"
