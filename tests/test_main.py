"""What `python -m orca_desk` starts by name exists: workers, commands and pages."""

from importlib.util import find_spec

import pytest

from orca_desk.__main__ import WORKERS
from orca_desk.cli import COMMANDS
from orca_desk.ui.register import NAMES

MODULES = [
    *WORKERS.values(),
    *(f"orca_desk.cli.{name.replace('-', '_')}" for name in COMMANDS),
    *(f"orca_desk.ui.pages.{name}.page" for name in NAMES),
]


@pytest.mark.parametrize("module", MODULES)
def test_every_name_leads_to_a_module(module: str) -> None:
    assert find_spec(module) is not None
