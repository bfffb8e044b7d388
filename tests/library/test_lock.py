"""The lock of a library on a drive that has no locks."""

import errno
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from orca_desk.cli.library import command
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.ui.words.library import WITHOUT_LOCKS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows locks files on every drive")
KINDS = [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP]


@pytest.fixture(params=KINDS, ids=[errno.errorcode[kind] for kind in KINDS])
def share(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder on a drive that answers every lock with an error."""
    import fcntl

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)
    return tmp_path / "library"


def test_a_library_opens_there_and_says_that_its_lock_is_weak(share: Path) -> None:
    with Library.open(share, samples=False) as library:
        assert library.problem is None and library.is_locked_weakly
        with pytest.raises(UserError, match=f"in use by process {os.getpid()}"):
            Library.open(share)
    with Library.open(share, samples=False) as library:
        assert library.problem is None


def test_it_opens_again_after_a_process_that_was_killed(share: Path) -> None:
    if os.fork() == 0:
        Library.open(share, samples=False)
        os._exit(9)  # nothing is released
    os.wait()
    with Library.open(share, samples=False) as library:
        assert library.problem is None


def test_a_command_says_it_once(share: Path) -> None:
    found = CliRunner().invoke(command, ["info", "--library", str(share)])
    assert found.exit_code == 0 and "Warning" not in found.stderr
    assert found.stderr.replace("\n", " ").count(WITHOUT_LOCKS) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the temporary folder is known to have locks on Linux")
def test_a_local_disk_has_locks(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", samples=False) as library:
        assert not library.is_locked_weakly
