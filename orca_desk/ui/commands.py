"""The commands of the window: the actions in its menus, for the palette and the list of shortcuts."""

from collections.abc import Iterable, Iterator

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar


def menu_actions(bar: QMenuBar) -> Iterator[tuple[QAction, tuple[str, ...]]]:
    """Yield every action of the menus, each with the titles of the menus that lead to it."""
    for top in bar.actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            yield from _actions_in(menu, (plain(menu.title()),))


def _actions_in(menu: QMenu, path: tuple[str, ...]) -> Iterator[tuple[QAction, tuple[str, ...]]]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from _actions_in(inner, (*path, plain(inner.title())))
        elif not action.isSeparator():
            yield action, path


def plain(text: str) -> str:
    """Return the text of a menu without its mnemonic: "New chat" for "&New chat"."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def with_mnemonic(title: str, others: Iterable[str]) -> str:
    """Return `title` with a mnemonic that none of the others has, such as "E&valuate", if one is free."""
    taken = {other[other.index("&") + 1].casefold() for other in others if "&" in other[:-1]}
    for place, letter in enumerate(title):
        if letter.isalpha() and letter.casefold() not in taken:
            return f"{title[:place]}&{title[place:]}"
    return title
