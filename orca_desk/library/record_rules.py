"""The rules in force: which records the library counts as usable, and what a new snapshot starts from."""

import json
import sqlite3
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.method.fitness import DEFAULT_RULES, FitnessRules

KEY = "records.rules"


def current_rules(library: Library) -> FitnessRules:
    """Return the library's rules: the default ones until the user sets others."""
    return _rules(get_setting(library, KEY))


def rules_in(db: sqlite3.Connection) -> FitnessRules:
    """Do what `current_rules` does, inside a read or a write."""
    row = db.execute("SELECT value FROM settings WHERE key = ?", (KEY,)).fetchone()
    return _rules(json.loads(row[0])) if row else DEFAULT_RULES


def set_rules(library: Library, rules: FitnessRules) -> FitnessRules:
    """Put other rules in force; return the earlier ones, for undo."""
    plain = FitnessRules(**{name: getattr(rules, name) for name in FitnessRules.__dataclass_fields__})
    return _rules(set_setting(library, KEY, vars(plain)))


def _rules(stored: Any) -> FitnessRules:
    """Read stored rules; the default ones where another version stored what this one cannot use."""
    if not isinstance(stored, dict):
        return DEFAULT_RULES
    try:
        return FitnessRules.from_json(stored)
    except (UserError, TypeError):
        return DEFAULT_RULES
