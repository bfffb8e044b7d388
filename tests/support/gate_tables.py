"""Tables of the gate, of an adapter that passed it unless a test says otherwise."""

from typing import Any

from orca_desk.parity.limits import LIMITS
from orca_desk.parity.table import GateRow, GateTable


def make_table(**changes: Any) -> GateTable:
    """Return the table of one adapter, with these fields of its row."""
    fields: dict[str, Any] = {
        "label": "adapter",
        "quantised": False,
        "limits": LIMITS["F16"],
        "prompts": 32,
        "tokens": 1600,
        "tokens_equal": 1600,
        "largest": 0.01,
        "typical": 0.001,
        "effect": 0.5,
        "strength": 1.0,
        "base_largest": 0.01,
    }
    return GateTable(rows=(GateRow(**fields | changes),))
