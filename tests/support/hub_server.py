"""A local server that speaks what is needed of a hub's API, with every fault that a real one can have."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "a" * 40
LARGE = (".safetensors", ".gguf")
SMALL = 1_000  # bytes of a file that is never held


@dataclass
class ServedRepo:
    """A repository: its files, and where what is announced or sent differs from them."""

    files: dict[str, bytes]
    name: str = "me/tiny"
    commit: str = COMMIT
    announced: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)  # of the listing: tags, gated, downloads, ...
    gated: bool = False
    private: bool = False

    def listing(self) -> dict[str, object]:
        """Return what the API says of it."""
        facts = {"tags": [], "downloads": 0, "likes": 0, "gated": False, "private": False} | self.facts
        return facts | {
            "id": self.name,
            "modelId": self.name,
            "sha": self.commit,
            "siblings": [*map(self._sibling, self.files)],
        }

    def _sibling(self, name: str) -> dict[str, object]:
        data = self.announced.get(name, self.files[name])
        size = self.sizes.get(name, len(data))
        entry: dict[str, object] = {"rfilename": name, "size": size}
        entry["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if name.endswith(LARGE):
            entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": size, "pointerSize": 1}
        return entry


@dataclass
class Asked:
    """One request: its path, and the headers that matter."""

    path: str
    range: str
    token: str
    query: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class HubServer:
    """What the server serves, how it fails, and what it was asked.

    `cut_after` breaks the connection off after so many bytes of a body, once, or `cuts` times. `statuses` are
    answered instead of the next files, with their headers. `hold` is called at `hold_at` of a file that is
    not small, and the rest is sent once it returns.
    """

    repos: list[ServedRepo] = field(default_factory=list)
    token: str = ""  # that private and gated repositories ask for
    cut_after: int | None = None
    cuts: int = 1
    ranges: bool = True
    range_shift: int = 0  # bytes by which the rest of a file begins too late
    length_more: int = 0  # bytes that Content-Length announces in excess
    sent: dict[str, bytes] = field(default_factory=dict)  # where it is not what is announced
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    etag: str = ""  # of the files, where it is not what the listing announces
    redirect: str = ""  # another server's address, which then sends the files
    hold: Callable[[], object] | None = None
    hold_at: float = 0.5
    asked: list[Asked] = field(default_factory=list)
    endpoint: str = ""

    @property
    def repo(self) -> ServedRepo:
        """The first repository."""
        return self.repos[0]

    def paths(self) -> list[str]:
        """Return the paths that were asked for, without their queries."""
        return [one.path for one in self.asked]

    def files_asked(self) -> list[Asked]:
        """Return the requests for files."""
        return [one for one in self.asked if "/resolve/" in one.path]


@contextmanager
def hub_server(*repos: ServedRepo, **faults: Any) -> Iterator[HubServer]:
    """Serve `repos` on a free port of this machine."""
    state = HubServer(repos=list(repos), **faults)

    class Handler(_Handler):
        hub = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of huggingface_hub."""

    hub: HubServer

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Answer a search, a listing or a file."""
        hub, parts = self.hub, urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        hub.asked.append(Asked(path, self.headers.get("Range", ""), token, query))
        if path == "/api/models":
            self._search(query)
            return
        repo = next((one for one in hub.repos if f"/{one.name}/" in f"{path}/"), None)
        if repo is None or (repo.private and token != hub.token):
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif token and hub.token and token != hub.token:
            message = {"X-Error-Message": "Invalid credentials in Authorization header"}
            self._send(401, b"{}", message)
        elif path.startswith("/api/models/"):
            self._list(repo, path.partition("/revision/")[2])
        else:
            self._file(repo, path, token)

    def _search(self, query: dict[str, list[str]]) -> None:
        text, kind = query.get("search", [""])[0].casefold(), query.get("filter", [""])[0]
        found = [one.listing() for one in self.hub.repos if text in one.name.casefold()]
        rows = [one for one in found if not kind or kind in one["tags"]]  # type: ignore[operator]
        self._send(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})

    def _list(self, repo: ServedRepo, revision: str) -> None:
        if revision not in ("", "main", repo.commit):
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            self._send(200, json.dumps(repo.listing()).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: ServedRepo, path: str, token: str) -> None:
        hub = self.hub
        name = path.partition(f"/resolve/{repo.commit}/")[2]
        if repo.gated and token != hub.token:
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif hub.statuses:
            status, headers = hub.statuses.pop(0)
            self._send(status, b"{}", headers)
        elif name not in repo.files:
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
        elif hub.redirect:
            linked = {"X-Linked-Etag": hub.etag} if hub.etag else {}
            self._send(302, b"", {"Location": f"{hub.redirect}{path}", **linked})
        else:
            self._bytes(hub.sent.get(name, repo.files[name]))

    def _bytes(self, data: bytes) -> None:
        asked = self.headers.get("Range", "").removeprefix("bytes=")
        if asked and self.hub.ranges:
            first, _, last = asked.partition("-")
            start = int(first) + self.hub.range_shift
            body = data[start : int(last) + 1 if last else None]
            where = f"bytes {start}-{start + len(body) - 1}/{len(data)}"
            self._send(206, body, {"Content-Range": where}, is_file=True)
        else:
            self._send(200, data, is_file=True)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, is_file: bool = False
    ) -> None:
        hub = self.hub
        self.send_response(status)
        length = len(body) + (hub.length_more if is_file else 0)
        tag = {"ETag": hub.etag} if is_file and hub.etag else {}
        for name, value in {"Content-Length": str(length), **tag, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if is_file and hub.cut_after is not None and hub.cuts and len(body) > hub.cut_after:
            hub.cuts -= 1
            body = body[: hub.cut_after]
        try:
            if is_file and hub.hold is not None and len(body) > SMALL:
                half = round(len(body) * hub.hold_at)
                self.wfile.write(body[:half])
                self.wfile.flush()
                hub.hold()
                body = body[half:]
            self.wfile.write(body)
        except OSError:
            pass  # the client has left
        self.close_connection = True
