"""The command line in the test's own process: a start of Python costs more than most commands."""

import io
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from orca_desk.cli import main


def run_command(*arguments: str, folder: Path | None = None, **env: str) -> CompletedProcess[str]:
    """Do what `orca-desk ARGUMENTS` does in a pipe, with the library in `folder` as the usual one."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (env | ({"ORCA_DESK_LIBRARY": str(folder)} if folder else {})).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["orca-desk", *arguments])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as ended:
            main()
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return CompletedProcess(arguments, ended.value.code, *texts)
