"""The pages, in the order of the method. The code of a page is imported when the page is made."""

import importlib

from orca_desk.ui.desk import Desk
from orca_desk.ui.page import Page

# Name, class in orca_desk.ui.pages.NAME.page, title, icon; None is a gap in the sidebar.
PAGES: tuple[tuple[str, str, str, str] | None, ...] = (
    ("home", "HomePage", "Home", "house"),
    ("tasks", "TasksPage", "Tasks", "list-checks"),
    ("grow", "GrowPage", "Grow", "sprout"),
    ("strategies", "StrategiesPage", "Strategies", "route"),
    ("teacher", "TeacherPage", "Teacher", "graduation-cap"),
    ("records", "RecordsPage", "Records", "columns-2"),
    ("training", "TrainingPage", "Training", "chart-line"),
    ("evaluate", "EvaluatePage", "Evaluate", "target"),
    ("experiment", "ExperimentPage", "Experiment", "flask-conical"),
    ("chat", "ChatPage", "Chat", "message-circle"),
    None,
    ("models", "ModelsPage", "Models", "box"),
    ("hub", "HubPage", "Hub", "globe"),
    ("jobs", "JobsPage", "Jobs", "activity"),
    ("settings", "SettingsPage", "Settings", "settings"),
)
NAMES = tuple(entry[0] for entry in PAGES if entry)


def make_page(name: str, desk: Desk) -> Page:
    """Make a page and return it."""
    return page_class(name)(desk)


def page_class(name: str) -> type[Page]:
    """Return the class of a page, which knows the page's commands and keys."""
    entry = next(entry for entry in PAGES if entry and entry[0] == name)
    found: type[Page] = getattr(importlib.import_module(f"orca_desk.ui.pages.{name}.page"), entry[1])
    return found
