"""Lets a request in, or not: by the address that it was sent to, its key, and how much is going on."""

import hashlib
import hmac
import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from orca_desk.serving.refusals import ApiError

HOST = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
MOST_REQUESTS = 256  # at once; each holds a connection


class Guard:
    """Stands before the app.

    `hosts` are the names under which it may be asked, None: any. A page in a browser can be made to reach
    this machine by another name, but not to say one of these. `key` is what a client has to show, if any.
    Without a key, nothing that a web page sends is answered, as any page can send to this machine.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] | None, key: str) -> None:
        self._app, self._hosts = app, hosts
        self._key = _digest(key) if key else b""
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":  # there are no web sockets, and uvicorn is told to send nothing else
            return
        refusal = self._refusal(Headers(scope=scope))
        if refusal is not None:
            await refusal.response()(scope, receive, send)
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1

    def _refusal(self, headers: Headers) -> ApiError | None:
        if self._hosts is not None and _host(headers.get("host", "")) not in self._hosts:
            return ApiError(
                "This server answers only under the address that it was started with.",
                status=403,
                code="host_not_allowed",
            )
        if self._key and not hmac.compare_digest(_digest(_shown_key(headers)), self._key):
            return ApiError(
                "The API key is missing or wrong.",
                status=401,
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not self._key and "origin" in headers:
            return ApiError("Web pages are not answered.", status=403, code="origin_not_allowed")
        if self._running >= MOST_REQUESTS:
            return ApiError(
                "Too many requests at once: try again later.", status=503, headers={"Retry-After": "2"}
            )
        return None


def _host(header: str) -> str:
    """Return the host of a Host header, without its port; empty for anything else."""
    match = HOST.fullmatch(header)
    return match["host"].strip("[]").lower() if match else ""


def _shown_key(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    """Return a key's hash: comparing hashes reveals nothing about the key, not even its length."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
