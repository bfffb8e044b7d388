"""The look of the desktop: one table of colour roles for two themes, one type family in four sizes.

The user chooses how large text is: every size, and what must grow with it, follows at once.

The table is in `words/roles.py`; no other file names a colour. The teacher is amber, the student teal and the
base grey on every page and plot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from tempfile import gettempdir
from typing import Literal

from PySide6.QtCore import QObject, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette, QStyleHints
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QHeaderView, QWidget
from shiboken6 import isValid

from orca_desk.paths import resources
from orca_desk.ui.words.roles import COLOURS
from orca_desk.ui.words.roles import Role as Role
from orca_desk.ui.words.roles import Tone as Tone

Size = Literal["caption", "body", "heading", "title"]
Choice = Literal["system", "light", "dark"]

POINTS: dict[Size, float] = {"caption": 9.0, "body": 10.0, "heading": 12.5, "title": 17.0}
FAMILY = "Inter"
GRID = 8  # px; spacings are multiples of it
SCROLL_BAR = 12  # px, the width of a scroll bar
NAME = "orca-desk-theme"  # the property of the app that holds the name of the theme in use
TEXT_SIZE = "orca-desk-text-size"  # the property of the app that holds the size of text
TEXT_SIZES = (80, 90, 100, 110, 125, 150, 175, 200)  # percent
FITS = "fits"  # the property of a widget that sets its own height by its text
UNLIMITED = 16_777_215  # px, Qt's largest size of a widget


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, by role."""

    name: str

    def __call__(self, role: Role) -> QColor:
        """Return the colour of a role."""
        return QColor(COLOURS[self.name][role])

    def css(self, role: Role) -> str:
        """Return the colour of a role in CSS notation."""
        return COLOURS[self.name][role]

    def tint(self, role: Role, share: float = 0.14, on: Role = "surface") -> QColor:
        """Mix a share (0 to 1) of a role into the colour `on`: for backgrounds and bands."""
        over, under = self(role), self(on)

        def mix(a: int, b: int) -> int:
            return round(share * a + (1 - share) * b)

        return QColor(
            mix(over.red(), under.red()), mix(over.green(), under.green()), mix(over.blue(), under.blue())
        )


class TextDisplay(QObject):
    """How answers are shown, for widgets that have no Theme at hand. `changed` fires after a switch."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.as_written = False  # without Markdown, formulas and coloured code


class Theme(QObject):
    """The theme in use. `changed` fires after a switch; widgets that paint or plot listen to it."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        # Qt takes $TMPDIR even where nothing can be written there; Python then takes another folder.
        self._folder = QTemporaryDir(str(Path(gettempdir()) / "orca-desk-XXXXXX"))
        self._windows: list[QWidget] = []
        self.choice: Choice = "system"
        text_display().as_written = False
        self.colours = Colours("light")
        for name in ("Inter-Regular.otf", "Inter-Italic.otf", "Inter-SemiBold.otf"):
            QFontDatabase.addApplicationFont(str(resources() / "fonts" / name))
        app.setStyle("Fusion")
        app.setProperty(TEXT_SIZE, 100)
        app.setFont(font("body"))
        hints = system_hints()
        hints.colorSchemeChanged.connect(self._follow)
        hints.accessibility().contrastPreferenceChanged.connect(self._follow)

    @property
    def is_dark(self) -> bool:
        """Whether the dark theme is in use."""
        return self.colours.name.startswith("dark")

    def choose(self, choice: Choice) -> None:
        """Switch to the light theme, the dark one, or the one that the system prefers.

        Each has more contrast where the system asks for it.
        """
        self.choice = choice
        self.colours = Colours(_name_of(choice))
        self._app.setProperty(NAME, self.colours.name)
        self._app.setPalette(palette(self.colours))
        self._windows = [window for window in self._windows if isValid(window)]
        for window in self._windows:
            window.setStyleSheet(self._sheet())
        self.changed.emit()

    @property
    def as_written(self) -> bool:
        """Whether answers are shown as they were written."""
        return text_display().as_written

    @property
    def text_size(self) -> int:
        """How large text is, in percent."""
        return _text_size()

    def choose_text_size(self, percent: int) -> None:
        """Make all text so large (one of TEXT_SIZES), and the rows and fields that hold it."""
        before = self.text_size
        if percent == before:
            return
        widgets = QApplication.allWidgets()
        fonts = [(widget, widget.font().pointSizeF()) for widget in widgets if _has_own_font(widget)]
        self._app.setProperty(TEXT_SIZE, percent)
        self._app.setFont(font("body"))
        for widget, points in fonts:
            made = widget.font()
            made.setPointSizeF(points * percent / before)
            widget.setFont(made)
        for widget in widgets:
            _grow(widget, max(percent, 100) / max(before, 100))
        self.choose(self.choice)

    def choose_as_written(self, as_written: bool) -> None:
        """Show answers as they were written, or with their Markdown, formulas and code set."""
        if as_written != self.as_written:
            text_display().as_written = as_written
            text_display().changed.emit()
            self.changed.emit()

    def step_text_size(self, steps: int) -> int:
        """Return the size of text that is so many steps larger than the one in use."""
        nearest = min(range(len(TEXT_SIZES)), key=lambda place: abs(TEXT_SIZES[place] - self.text_size))
        return TEXT_SIZES[max(0, min(len(TEXT_SIZES) - 1, nearest + steps))]

    def apply_to(self, window: QWidget) -> None:
        """Give a window and everything in it the theme's style sheet, now and after each switch.

        The sheet belongs to windows rather than to the app: under a sheet of the app Qt restyles a subtree
        whenever it joins a larger one, and a page of 200 widgets took 90 to 190 ms to build, not 40 ms.
        """
        self._windows.append(window)
        window.setStyleSheet(self._sheet())

    def _sheet(self) -> str:
        return stylesheet(self.colours, self._drawings())

    def _drawings(self) -> dict[str, str]:
        """Return files of the drawings that the style sheet refers to, tinted for this theme."""
        made = {}
        tints: dict[str, Role] = {"chevron-down": "muted", "chevron-up": "muted", "check": "on_accent"}
        for name, role in tints.items():
            source = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
            place = Path(self._folder.filePath(f"{name}-{self.colours.name.replace(' ', '-')}.svg"))
            place.write_text(source.replace("currentColor", self.colours.css(role)), encoding="utf-8")
            made[name] = place.as_posix()
        return made

    def _follow(self) -> None:
        if self.colours.name != _name_of(self.choice):
            self.choose(self.choice)


@cache
def system_hints() -> QStyleHints:
    """Return what the system wishes of the app's look.

    Held for good: when Python's object for the whole dies, that for a part of it would come back dead.
    """
    return QGuiApplication.styleHints()


def text_display() -> TextDisplay:
    """Return the one of this app."""
    app = QApplication.instance()
    assert app is not None
    return app.findChild(TextDisplay) or TextDisplay(app)


def current_colours() -> Colours:
    """Return the colours of the theme in use, for widgets that have no Theme at hand."""
    app = QApplication.instance()
    return Colours(str(app.property(NAME) or "light") if app else "light")


def font(size: Size, *, bold: bool = False) -> QFont:
    """Return the app's font in one of its four sizes."""
    made = QFont(FAMILY)
    made.setPointSizeF(POINTS[size] * _text_size() / 100)
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def grown(pixels: float) -> int:
    """Return a height or width (px) that holds text, grown with it; it never shrinks with smaller text."""
    return round(pixels * max(_text_size(), 100) / 100)


def palette(colours: Colours) -> QPalette:
    """Return Qt's palette for a theme."""
    made = QPalette()
    roles: dict[QPalette.ColorRole, Role] = {
        QPalette.ColorRole.Window: "background",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "surface",
        QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "bad",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.LinkVisited: "accent",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Accent: "accent",
        QPalette.ColorRole.Mid: "border",
        QPalette.ColorRole.Light: "raised",
        QPalette.ColorRole.Dark: "border",
    }
    for role, ours in roles.items():
        made.setColor(role, colours(ours))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, role, colours("muted"))
    return made


def stylesheet(colours: Colours, drawings: Mapping[str, str]) -> str:
    """Return the style sheet with the colours and the files of the drawings of a theme."""
    source = (resources() / "style.qss").read_text(encoding="utf-8")
    return Template(source).substitute(
        {role: colours.css(role) for role in COLOURS[colours.name]},
        soft=colours.tint("accent", 0.12).name(),
        hover=colours.tint("text", 0.06, "background").name(),
        lit=colours.tint("text", 0.15, "accent").name(),
        scroll_bar=SCROLL_BAR,
        box=grown(16),
        dot=grown(14),
        dot_radius=grown(14) // 2 + 1,
        chosen_dot=grown(8),
        drop=grown(24),
        step=grown(20),
        small_arrow=grown(11),
        chosen_ring=(grown(16) - grown(8)) // 2,
        **{name.replace("-", "_"): file for name, file in drawings.items()},
    )


def theme_choice(stored: object) -> Choice:
    """Return a choice of theme that was stored; the system's for anything else."""
    choices: dict[object, Choice] = {"light": "light", "dark": "dark"}
    return choices.get(stored, "system")


def text_size_choice(stored: object) -> int:
    """Return a size of text (percent) that was stored; the usual one for anything else."""
    size = int(stored) if isinstance(stored, int | str) and str(stored).isdecimal() else 100
    return size if size in TEXT_SIZES else 100


def _text_size() -> int:
    app = QApplication.instance()
    return int(app.property(TEXT_SIZE) or 100) if app else 100


def _has_own_font(widget: QWidget) -> bool:
    return widget.testAttribute(Qt.WidgetAttribute.WA_SetFont) and widget.font().pointSizeF() > 0


def _grow(widget: QWidget, ratio: float) -> None:
    """Let what has a size of its own, because of the text in it, grow or shrink by a ratio."""
    if ratio == 1.0 or widget.property(FITS):
        return
    if isinstance(widget, QHeaderView):
        if widget.orientation() == Qt.Orientation.Vertical:
            widget.setMinimumSectionSize(min(widget.minimumSectionSize(), 20))
            widget.setDefaultSectionSize(round(widget.defaultSectionSize() * ratio))
        return
    if isinstance(widget, QAbstractButton | QAbstractItemView) and not widget.iconSize().isEmpty():
        size = widget.iconSize()
        side = round(size.height() * ratio)
        widget.setIconSize(QSize(size.width() - size.height() + side, side))
    least, most = widget.minimumSize(), widget.maximumSize()
    if least.height() == most.height() and 2 * GRID < least.height() < UNLIMITED:
        widget.setFixedHeight(round(least.height() * ratio))
    if least.width() == most.width() and 2 * GRID < least.width() < UNLIMITED:
        widget.setFixedWidth(round(least.width() * ratio))


def _name_of(choice: Choice) -> str:
    """Return the name of the theme that a choice means on this system now."""
    is_dark = choice == "dark" or (choice == "system" and _system_is_dark())
    return ("dark" if is_dark else "light") + (" contrast" if _system_wants_contrast() else "")


def _system_wants_contrast() -> bool:
    preference = system_hints().accessibility().contrastPreference()
    return preference == Qt.ContrastPreference.HighContrast


def _system_is_dark() -> bool:
    return system_hints().colorScheme() == Qt.ColorScheme.Dark
