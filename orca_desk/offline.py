"""What is recorded of connections: those that Python code opens, in each process that asks for it.

It is no proof that nothing goes online: Qt, llama.cpp and torch are native code, and could open a connection
past Python. tests/end_to_end/test_offline.py runs everything in a network namespace of Linux, where the
kernel counts those as well.
"""

import os
import sys
from typing import Any

VARIABLE = "ORCA_DESK_CONNECTIONS"  # the file that lists the connections; workers inherit the variable
ASKING = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto"}
)
_watching = False


def watch() -> None:
    """Record connections from now on, while the variable names a file. Python cannot remove an audit hook."""
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
    """Return whether a connection goes to a socket file on this machine."""
    return len(arguments) == 2 and isinstance(arguments[1], str | bytes)
