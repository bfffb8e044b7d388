"""What the command palette lists before anything is typed: commands, pages, settings, the handbook."""

import functools
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow

from orca_desk import handbook
from orca_desk.ui.commands import menu_actions, plain
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import Command, Page
from orca_desk.ui.register import NAMES, PAGES, page_class
from orca_desk.ui.widgets.entry_list import Entry
from orca_desk.ui.widgets.keys import keys_of, native
from orca_desk.ui.words.setting_names import SETTING_NAMES

AFTER_COMMANDS = -5.0  # points of a line that only shows something, beside a command that matches as well
AFTER_NAMES = -45.0  # points of a chapter: its headings have many words
EnterPage = Callable[[str], Page]


def all_entries(
    window: QMainWindow, desk: Desk, page: Page | None, enter_page: EnterPage, *, loaded: Collection[str]
) -> list[Entry]:
    """Return every line of the palette once; of the pages in `loaded` what they can do too."""
    actions = list(_actions(window, page.commands if page else (), enter_page))
    helpful = {one.title for one in actions if one.detail == "Help"}  # a card of the settings is one of them
    entries = [
        *actions,
        *(one for one in _elsewhere(page, enter_page, loaded) if one.title not in helpful),
        *_on_rows(enter_page, loaded),
        *_settings(enter_page),
        *_chapters(desk),
    ]
    return list({key_of(entry): entry for entry in reversed(entries)}.values())[::-1]


def loaded_pages() -> tuple[str, ...]:
    """Return the pages whose code is imported: importing all takes longer than a palette may."""
    return tuple(name for name in NAMES if _is_imported(f"orca_desk.ui.pages.{name}.page"))


def load_pages() -> None:
    """Import the code of all pages, and read the handbook."""
    for name in NAMES:
        page_class(name)
    for chapter in handbook.chapters():
        _headings(chapter)


def key_of(entry: Entry) -> str:
    """Return what identifies a line of the palette, from one start to the next."""
    return f"{entry.title}\t{entry.detail}"


def _is_imported(module: str) -> bool:
    found = sys.modules.get(module)
    return found is not None and not getattr(found.__spec__, "_initializing", False)


def _actions(
    window: QMainWindow, page_actions: Collection[QAction], enter_page: EnterPage
) -> Iterator[Entry]:
    """Yield the actions of the current page, then the pages, then every other enabled action."""
    titles = {entry[2] for entry in PAGES if entry}
    of_page: list[Entry] = []
    others: list[Entry] = []
    keys: dict[str, tuple[str, ...]] = {}
    for action, menus in menu_actions(window.menuBar()):
        text, is_of_page = plain(action.text()), action in page_actions
        if text in titles and not is_of_page:
            keys[text] = keys_of(action)
        elif action.isEnabled() and action.isVisible() and keys_of(action) != (native("Ctrl+K"),):
            (of_page if is_of_page else others).append(_entry(action, text, menus))
    yield from of_page
    for page in PAGES:
        if page:
            name, _, title, image = page
            yield Entry(
                title=f"Go to {title}",
                detail="Page",
                keys=keys.get(title, ()),
                image=image,
                run=partial(enter_page, name),
                also=(title,),
            )
    yield from others


def _elsewhere(current: Page | None, enter_page: EnterPage, loaded: Collection[str]) -> Iterator[Entry]:
    """Yield what the other pages can do, and the sections of all pages, such as the settings."""
    for entry in PAGES:
        if entry is None or entry[0] not in loaded:
            continue
        name, _, title, image = entry
        kind = page_class(name)
        for command in kind.offers if current is None or name != current.name else ():
            if "Esc" in command.keys:  # it ends something that cannot be seen from here
                continue
            yield Entry(
                title=plain(command.text),
                detail=f"{title}  ·  opens the page" if command.on_selection else title,
                keys=tuple(native(key) for key in command.keys if key)[:2],
                image="command",
                run=partial(_run_there, enter_page, name, command),
            )
        for section, words in kind.sections.items():
            if section in SETTING_NAMES:  # a card with one setting, which is listed under its name
                continue
            yield Entry(
                title=section,
                detail=f"{title}  ·  {words}" if words else title,
                image=image,
                run=partial(_show, enter_page, name, {"section": section}),
            )


def _on_rows(enter_page: EnterPage, loaded: Collection[str]) -> Iterator[Entry]:
    """Yield what the menus of rows do, on all pages: each line says how to do it."""
    for entry in PAGES:
        if entry is None or entry[0] not in loaded:
            continue
        name, _, title, image = entry
        for key, words in page_class(name).on_rows:
            yield Entry(
                title=words,
                detail=f"{title}  ·  opens the page",
                keys=(native(key),) if key else (),
                image=image,
                run=partial(_tell_how, enter_page, name, key),
                weight=AFTER_COMMANDS,
            )


def _settings(enter_page: EnterPage) -> Iterator[Entry]:
    """Yield every single setting."""
    for name, (section, others) in SETTING_NAMES.items():
        yield Entry(
            title=name,
            detail=f"Settings  ·  {section}",
            image="sliders-horizontal",
            run=partial(_show, enter_page, "settings", {"section": section, "control": name}),
            also=others,
            weight=AFTER_COMMANDS,
        )


def _chapters(desk: Desk) -> Iterator[Entry]:
    """Yield the chapters of the handbook, to be found by their headings too."""
    for chapter in handbook.chapters():
        yield Entry(
            title=f"Handbook: {chapter.title}",
            detail="Handbook",
            image="circle-help",
            run=partial(desk.show_help, chapter.name),
            also=_headings(chapter),
            weight=AFTER_NAMES,
        )


@functools.cache
def _headings(chapter: handbook.Chapter) -> tuple[str, ...]:
    return (chapter.title, *(section.heading for section in handbook.sections(chapter)))


def _run_there(enter_page: EnterPage, name: str, command: Command) -> None:
    """Open a page and run one of its commands. One that acts on a selection is left to the user there."""
    page = enter_page(name)
    if not command.on_selection:  # the page first reads what the command works on
        page.desk.background.when_answered(page, partial(_run_on, page, plain(command.text)))


def _run_on(page: Page, command: str) -> None:
    """Run a command of the page that the user has just opened, unless another is visible by now."""
    action = page.action(command)
    if page.isHidden():
        return
    if action.isEnabled():
        action.trigger()
    else:
        page.desk.say(f"“{command}” has nothing to work on at the moment.", "warn")


def _show(enter_page: EnterPage, name: str, target: dict[str, Any]) -> None:
    enter_page(name).go(target)


def _tell_how(enter_page: EnterPage, name: str, key: str) -> None:
    """Open a page, and say how to act on a row there: no row that the user does not see is changed."""
    press = f"press {native(key)}, or right-click" if key else "right-click"
    enter_page(name).desk.say(f"Select one, then {press} it.")


def _entry(action: QAction, text: str, menus: Iterable[str]) -> Entry:
    run: Callable[[], Any] = action.trigger
    image = "check" if action.isChecked() else "command"
    return Entry(title=text, detail=" › ".join(menus), keys=keys_of(action), image=image, run=run)
