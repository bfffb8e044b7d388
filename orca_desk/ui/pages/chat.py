"""The Chat page."""

from orca_desk.ui.page import Page


class ChatPage(Page):
    """To be built."""

    name = "chat"
    title = "Chat"
