"""What the desktop looks like: one table of colour roles for two themes, one type family in four sizes.

No colour is written anywhere else. Teacher is amber, student teal and base grey on every page and plot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from orca_desk.paths import resources

Role = Literal[
    "background", "surface", "raised", "border", "text", "muted", "accent", "on_accent",
    "teacher", "student", "base", "good", "bad", "warn",
]  # fmt: skip
Size = Literal["caption", "body", "heading", "title"]
Choice = Literal["system", "light", "dark"]

ROLES: dict[str, dict[Role, str]] = {
    "light": {
        "background": "#f5f4f0",
        "surface": "#ffffff",
        "raised": "#faf9f6",
        "border": "#dbd8d0",
        "text": "#1e2227",
        "muted": "#585f6b",
        "accent": "#2a56b0",
        "on_accent": "#ffffff",
        "teacher": "#8f5400",
        "student": "#08695f",
        "base": "#5b616b",
        "good": "#18713a",
        "bad": "#b02a20",
        "warn": "#85590a",
    },
    "dark": {
        "background": "#15171b",
        "surface": "#1d2025",
        "raised": "#24282e",
        "border": "#363c45",
        "text": "#e8e8e4",
        "muted": "#a2a9b4",
        "accent": "#8cadff",
        "on_accent": "#0f1420",
        "teacher": "#e8a840",
        "student": "#4fc7b4",
        "base": "#aab1bc",
        "good": "#6ccb8a",
        "bad": "#ff8d82",
        "warn": "#e3b457",
    },
}
POINTS: dict[Size, float] = {"caption": 9.0, "body": 10.0, "heading": 12.5, "title": 17.0}
FAMILY = "Inter"
GRID = 8  # px; spacings are multiples of it
SCROLL_BAR = 12  # px, the width of one


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, by role."""

    name: str

    def __call__(self, role: Role) -> QColor:
        """Return the colour of a role."""
        return QColor(ROLES[self.name][role])

    def css(self, role: Role) -> str:
        """Return the colour of a role as CSS writes it."""
        return ROLES[self.name][role]

    def tint(self, role: Role, share: float = 0.14, on: Role = "surface") -> QColor:
        """Return the ground `on` with a share (0 to 1) of a role mixed in: for backgrounds and bands."""
        over, under = self(role), self(on)
        parts = zip(over.getRgb()[:3], under.getRgb()[:3], strict=True)
        return QColor(*(round(share * a + (1 - share) * b) for a, b in parts))


class Theme(QObject):
    """The theme in use. `changed` comes after a switch; widgets that paint or plot listen to it."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._folder = QTemporaryDir()
        self._dressed: list[QWidget] = []
        self.choice: Choice = "system"
        self.colours = Colours("light")
        for name in ("Inter-Regular.otf", "Inter-Italic.otf", "Inter-SemiBold.otf"):
            QFontDatabase.addApplicationFont(str(resources() / "fonts" / name))
        app.setStyle("Fusion")
        app.setFont(font("body"))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    @property
    def is_dark(self) -> bool:
        """Whether the dark theme is shown."""
        return self.colours.name == "dark"

    def choose(self, choice: Choice) -> None:
        """Show the light theme, the dark one, or the system's."""
        self.choice = choice
        dark = choice == "dark" or (choice == "system" and _system_is_dark())
        self.colours = Colours("dark" if dark else "light")
        self._app.setPalette(palette(self.colours))
        self._dressed = [window for window in self._dressed if isValid(window)]
        for window in self._dressed:
            window.setStyleSheet(self._sheet())
        self.changed.emit()

    def dress(self, window: QWidget) -> None:
        """Give a window, and all that is or comes into it, the theme's style sheet, now and after a switch.

        The sheet is a window's and not the app's: under an app's sheet Qt restyles all of a subtree each time
        that it is laid into something larger, and a page of 200 widgets took 90 to 190 ms to build, not 40.
        """
        self._dressed.append(window)
        window.setStyleSheet(self._sheet())

    def _sheet(self) -> str:
        return stylesheet(self.colours, self._drawings())

    def _drawings(self) -> dict[str, str]:
        """Return the files of the small drawings that a style sheet can only name, tinted for this theme."""
        made = {}
        tints: dict[str, Role] = {"chevron-down": "muted", "chevron-up": "muted", "check": "on_accent"}
        for name, role in tints.items():
            source = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
            place = Path(self._folder.filePath(f"{name}-{self.colours.name}.svg"))
            place.write_text(source.replace("currentColor", self.colours.css(role)), encoding="utf-8")
            made[name] = place.as_posix()
        return made

    def _follow(self) -> None:
        if self.choice == "system" and self.is_dark != _system_is_dark():
            self.choose("system")


def font(size: Size, *, bold: bool = False) -> QFont:
    """Return the app's font in one of its four sizes."""
    made = QFont(FAMILY)
    made.setPointSizeF(POINTS[size])
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


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
    """Return a theme's style sheet, with its drawings' files. Widgets differ by their `kind` property."""
    c = colours.css
    soft = colours.tint("accent", 0.12).name()
    hover = colours.tint("text", 0.06, "background").name()
    return f"""
    QToolTip {{ color: {c("text")}; background: {c("raised")}; border: 1px solid {c("border")};
      padding: 4px; }}
    QWidget[kind="card"] {{ background: {c("surface")}; border: 1px solid {c("border")};
      border-radius: 8px; }}
    QWidget[kind="sidebar"] {{ background: {c("raised")}; border-right: 1px solid {c("border")}; }}
    QWidget[kind="bar"] {{ background: {c("raised")}; border-top: 1px solid {c("border")}; }}
    QLabel[tone="muted"] {{ color: {c("muted")}; }}
    QLabel[tone="good"] {{ color: {c("good")}; }}
    QLabel[tone="bad"] {{ color: {c("bad")}; }}
    QLabel[tone="warn"] {{ color: {c("warn")}; }}
    QLabel[tone="teacher"] {{ color: {c("teacher")}; }}
    QLabel[tone="student"] {{ color: {c("student")}; }}
    QLabel[tone="base"] {{ color: {c("base")}; }}
    QLabel[tone="accent"] {{ color: {c("accent")}; }}

    QPushButton, QToolButton[kind="button"] {{ background: {c("surface")}; color: {c("text")};
      border: 1px solid {c("border")}; border-radius: 6px; padding: 6px 14px; }}
    QPushButton:hover, QToolButton[kind="button"]:hover {{ background: {soft}; border-color: {c("accent")}; }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {c("accent")}; padding: 5px 13px; }}
    QPushButton:disabled {{ color: {c("muted")}; background: {c("background")}; }}
    QPushButton[kind="primary"] {{ background: {c("accent")}; color: {c("on_accent")};
      border-color: {c("accent")}; }}
    QPushButton[kind="primary"]:hover {{ background: {colours.tint("text", 0.15, "accent").name()}; }}
    QPushButton[kind="primary"]:focus {{ border: 2px solid {c("text")}; }}
    QPushButton[kind="primary"]:disabled {{ background: {c("background")}; color: {c("muted")};
      border-color: {c("border")}; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px; color: {c("text")}; }}
    QToolButton:hover {{ background: {soft}; }}
    QToolButton:checked {{ background: {soft}; border-color: {c("accent")}; }}
    QToolButton:focus {{ border: 2px solid {c("accent")}; padding: 3px; }}
    QToolButton::menu-indicator {{ image: none; }}

    QWidget[kind="sidebar"] QToolButton {{ text-align: left; padding: 7px 12px; border-radius: 6px; }}
    QWidget[kind="sidebar"] QToolButton:hover {{ background: {hover}; }}
    QWidget[kind="sidebar"] QToolButton:checked {{ background: {soft}; color: {c("accent")};
      border-color: transparent; font-weight: 600; }}
    QWidget[kind="sidebar"] QToolButton:focus {{ border: 2px solid {c("accent")}; padding: 6px 11px; }}

    QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QSpinBox, QDoubleSpinBox, QComboBox {{
      background: {c("surface")}; color: {c("text")}; border: 1px solid {c("border")}; border-radius: 6px;
      padding: 5px 8px; selection-background-color: {c("accent")};
      selection-color: {c("on_accent")}; }}
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus, QSpinBox:focus,
    QDoubleSpinBox:focus, QComboBox:focus {{ border: 2px solid {c("accent")}; padding: 4px 7px; }}
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled,
    QPlainTextEdit:disabled {{ color: {c("muted")}; background: {c("background")}; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: url("{drawings["chevron-down"]}"); width: 14px; height: 14px; }}
    QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ subcontrol-origin: padding; width: 20px;
      border: none; background: transparent; }}
    QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {{ background: {soft}; }}
    QAbstractSpinBox::up-arrow {{ image: url("{drawings["chevron-up"]}"); width: 11px; height: 11px; }}
    QAbstractSpinBox::down-arrow {{ image: url("{drawings["chevron-down"]}"); width: 11px; height: 11px; }}
    QCheckBox, QRadioButton {{ spacing: 8px; border: 2px solid transparent; border-radius: 6px;
      padding: 2px; }}
    QCheckBox:focus, QRadioButton:focus {{ border-color: {c("accent")}; }}
    QCheckBox::indicator, QAbstractItemView::indicator, QGroupBox::indicator {{ width: 16px; height: 16px;
      border: 1px solid {c("muted")}; border-radius: 4px; background: {c("surface")}; }}
    QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked {{
      background: {c("accent")}; border-color: {c("accent")}; image: url("{drawings["check"]}"); }}
    QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate {{
      background: {soft}; border-color: {c("accent")}; }}
    QCheckBox::indicator:disabled {{ background: {c("background")}; border-color: {c("border")}; }}
    QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {c("muted")};
      border-radius: 8px; background: {c("surface")}; }}
    QRadioButton::indicator:checked {{ border: 4px solid {c("accent")}; width: 8px; height: 8px; }}
    QComboBox QAbstractItemView {{ background: {c("surface")}; border: 1px solid {c("border")};
      selection-background-color: {soft}; selection-color: {c("text")}; outline: none; }}

    QTableView, QListView, QTreeView {{ background: {c("surface")}; border: 1px solid {c("border")};
      border-radius: 8px; gridline-color: {c("border")}; outline: none;
      selection-background-color: {soft}; selection-color: {c("text")};
      alternate-background-color: {c("raised")}; }}
    QTableView:focus, QListView:focus, QTreeView:focus {{ border: 2px solid {c("accent")}; }}
    QTableView::item, QListView::item {{ padding: 4px 6px; }}
    QTableView::item:selected, QListView::item:selected {{ background: {soft}; color: {c("text")}; }}
    QHeaderView {{ background: transparent; }}
    QHeaderView::section {{ background: {c("raised")}; color: {c("muted")}; border: none;
      border-bottom: 1px solid {c("border")}; padding: 6px 9px; font-weight: 600; }}
    QTableCornerButton::section {{ background: {c("raised")}; border: none; }}

    QTabBar::tab {{ background: transparent; color: {c("muted")}; padding: 8px 14px; border: none;
      border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {c("text")}; border-bottom-color: {c("accent")}; font-weight: 600; }}
    QTabBar::tab:hover {{ color: {c("text")}; }}
    QTabBar::tab:focus {{ border: 2px solid {c("accent")}; border-radius: 4px; }}
    QTabWidget::pane {{ border: none; border-top: 1px solid {c("border")}; }}

    QProgressBar {{ background: {c("background")}; border: 1px solid {c("border")}; border-radius: 4px;
      max-height: 8px; min-height: 8px; }}
    QProgressBar::chunk {{ background: {c("accent")}; border-radius: 3px; }}
    QSplitter::handle {{ background: transparent; }}
    QSplitter::handle:hover {{ background: {soft}; }}
    QScrollArea {{ border: none; background: transparent; }}
    QScrollBar:vertical {{ background: transparent; width: {SCROLL_BAR}px; margin: 2px; }}
    QScrollBar:horizontal {{ background: transparent; height: {SCROLL_BAR}px; margin: 2px; }}
    QScrollBar::handle {{ background: {c("border")}; border-radius: 4px; min-height: 28px;
      min-width: 28px; }}
    QScrollBar::handle:hover {{ background: {c("muted")}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QMenu {{ background: {c("surface")}; border: 1px solid {c("border")}; padding: 4px; }}
    QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {soft}; color: {c("text")}; }}
    QMenu::item:disabled {{ color: {c("muted")}; }}
    QMenu::separator {{ height: 1px; background: {c("border")}; margin: 4px 8px; }}
    QMenuBar {{ background: {c("raised")}; border-bottom: 1px solid {c("border")}; }}
    QMenuBar::item {{ padding: 5px 10px; background: transparent; border-radius: 4px; }}
    QMenuBar::item:selected {{ background: {soft}; color: {c("text")}; }}
    """


def _system_is_dark() -> bool:
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
