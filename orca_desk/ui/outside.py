"""Opens folders and addresses in the user's own programs, and another library in another window."""

import shutil
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment, QUrl
from PySide6.QtGui import QDesktopServices

from orca_desk.environment import user_environment
from orca_desk.errors import UserError

OPENER = "xdg-open"  # Qt starts it too, but with the environment of this process


def open_outside(target: Path | QUrl) -> None:
    """Show a folder or open an address in the program that the user has chosen for it.

    Raises UserError if there is none, or if a folder is no longer there.
    """
    if isinstance(target, Path) and not target.exists():
        raise UserError(f"{target} is no longer there.", "Check the drive, or look for it elsewhere.")
    url = QUrl.fromLocalFile(str(target)) if isinstance(target, Path) else target
    address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    if sys.platform.startswith("linux") and (opener := shutil.which(OPENER)):
        is_open = _start(opener, [address], user_environment())
    else:
        is_open = QDesktopServices.openUrl(url)
    if not is_open:
        shown = str(target) if isinstance(target, Path) else address
        raise UserError(f"No program on this system opens {shown}.", "Copy the address and open it yourself.")


def open_library_window(folder: Path) -> None:
    """Open the library in `folder` in another window, whose process outlives this one.

    Raises UserError if the process cannot start.
    """
    command = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "orca_desk"]
    environment = user_environment() | {"PYINSTALLER_RESET_ENVIRONMENT": "1"}
    arguments = [*command[1:], "desktop", "--library", str(folder)]
    if not _start(command[0], arguments, environment):
        raise UserError(
            "Orca Desk cannot open another window.",
            f"Start it in a terminal: orca-desk desktop --library {subprocess.list2cmdline([str(folder)])}",
        )


def _start(program: str, arguments: list[str], environment: dict[str, str]) -> bool:
    """Start a program that outlives this one and is not a child of it; return whether it started."""
    process = QProcess()
    process.setProgram(program)
    process.setArguments(arguments)
    variables = QProcessEnvironment()
    for name, value in environment.items():
        variables.insert(name, value)
    process.setProcessEnvironment(variables)
    for stream in (process.setStandardOutputFile, process.setStandardErrorFile):
        stream(QProcess.nullDevice())
    process.setStandardInputFile(QProcess.nullDevice())
    started = process.startDetached()
    return bool(started[0] if isinstance(started, tuple) else started)
