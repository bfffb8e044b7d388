"""The Teacher page."""

from orca_desk.ui.page import Page


class TeacherPage(Page):
    """To be built."""

    name = "teacher"
    title = "Teacher"
