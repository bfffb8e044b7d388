"""The stored outcome of a run, in words; free of Qt, since the commands print the same."""

from orca_desk.parity.report import report_from_json
from orca_desk.steps.teaching import taught_from_json
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.parity import parity_sentence
from orca_desk.ui.words.teaching import teach_summary


def outcome_text(stored: str) -> str:
    """Return an outcome that was stored as data in words, and any other text as it is."""
    if report := report_from_json(stored):
        return parity_sentence(report)
    if found := taught_from_json(stored):
        taught, more = found
        paired = f"{counted(more['paired'], 'family', 'families')} paired. " if "paired" in more else ""
        return f"{paired}{teach_summary(taught)}"
    return stored
