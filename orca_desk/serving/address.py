"""Where a server listens: the socket, what clients call it, and who can reach it."""

import errno
import ipaddress
import os
import socket

from orca_desk.errors import UserError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def listen_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host`, an IP address or "localhost", and `port` (0: any free one).

    Raises UserError for an address that this machine does not have, and a port that is taken or reserved.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise UserError(
            f"{host!r:.80} is not an address.",
            "Use 127.0.0.1, or the number of one of this machine's addresses.",
        ) from None
    made = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # otherwise a port stays taken for a minute after its server has ended
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:  # there SO_REUSEADDR lets two servers share a port
            made.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", 0), 1)
        made.bind((str(address), port))
        made.listen()
    except OSError as error:
        made.close()
        raise _explained(error, host, port) from None
    return made


def is_local(listener: socket.socket) -> bool:
    """Return whether only programs on this machine can reach a listener."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def url_of(listener: socket.socket) -> str:
    """Return the base URL for clients, with the machine's name if the listener has every address."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def _explained(error: OSError, host: str, port: int) -> UserError:
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        return UserError(
            f"Port {port} is in use by another program.", "Choose another port, or 0 for any free one."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return UserError(f"Port {port} is reserved by the system.", "Choose port 1024 or higher.")
    if error.errno == errno.EADDRNOTAVAIL:
        return UserError(
            f"This machine does not have the address {host}.", "Use 127.0.0.1, or an address that it has."
        )
    return UserError(f"{host}:{port} cannot be served: {error.strerror}.", "Choose another address or port.")
