"""A command that Ctrl-C reaches with its last piece of work has finished; an earlier one is stopped."""

import signal

import pytest

from orca_desk.cli.running import running
from orca_desk.errors import UserError


def interrupted(*, finished: bool) -> None:
    with running(quiet=True) as (_, control):
        signal.raise_signal(signal.SIGINT)
        assert control.stopped
        control.finished = finished


def test_what_happened_decides_whether_a_command_was_stopped() -> None:
    interrupted(finished=True)
    with pytest.raises(UserError, match="Stopped"):
        interrupted(finished=False)
