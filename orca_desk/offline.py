"""Proof that nothing goes online: every process of the app can note the connections that Python asks for."""

import os
import sys
from typing import Any

VARIABLE = "ORCA_DESK_CONNECTIONS"  # the file that connections are noted in; inherited by the workers
ASKING = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto"}
)
_watching = False


def watch() -> None:
    """Note from now on, while the variable names a file. An audit hook stays for good, so it is put once."""
    global _watching
    if VARIABLE in os.environ and not _watching:
        _watching = True
        sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    place = os.environ.get(VARIABLE) if event in ASKING else None
    if place and not _is_local(arguments):
        line = f"{event} {arguments[1:] if event == 'socket.connect' else arguments}\n".encode()
        descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line)
        os.close(descriptor)


def _is_local(arguments: tuple[Any, ...]) -> bool:
    """Whether a connection is to a socket file of this machine, which other programs' libraries may use."""
    return len(arguments) == 2 and isinstance(arguments[1], str | bytes)
