"""Downloads against a small local server that speaks what is needed of the hub's protocol."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from file_limits import limited_file_size

from orca_desk.errors import UserError
from orca_desk.models.hub import download, list_repo

COMMIT = "a" * 40
WEIGHTS = bytes(range(256)) * 20_000  # 5 MB


@dataclass
class Hub:
    """What the server serves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, bytes] = field(default_factory=dict)  # where it is not what is served
    sizes: dict[str, int] = field(default_factory=dict)
    cut_after: int | None = None
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    endpoint: str = ""

    def listing(self) -> dict[str, object]:
        return {
            "id": "me/tiny",
            "modelId": "me/tiny",
            "sha": COMMIT,
            "siblings": [*map(self._sibling, self.files)],
        }

    def _sibling(self, name: str) -> dict[str, object]:
        data = self.announced.get(name, self.files[name])
        size = self.sizes.get(name, len(data))
        entry: dict[str, object] = {"rfilename": name, "size": size}
        entry["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        if name.endswith((".safetensors", ".gguf")):
            entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": size, "pointerSize": 1}
        return entry


@pytest.fixture
def hub() -> Iterator[Hub]:
    state = Hub(files={"config.json": b'{"a": 1}', "model.safetensors": WEIGHTS, "tokenizer.json": b"{}"})

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range", "")))
            if self.path.startswith("/api/models/me/tiny/revision/main"):
                self._send(200, json.dumps(state.listing()).encode())
            elif self.path.startswith("/api/models/me/gated"):
                self._send(403, b"{}", {"X-Error-Code": "GatedRepo"})
            elif self.path.startswith(f"/me/tiny/resolve/{COMMIT}/"):
                self._file(state.files[self.path.rsplit(f"{COMMIT}/")[1]])
            else:
                self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

        def _file(self, data: bytes) -> None:
            start = self.headers.get("Range")
            if start and state.ranges:
                first = int(start.removeprefix("bytes=").removesuffix("-"))
                rest = {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"}
                self._send(206, data[first:], rest)
            else:
                self._send(200, data)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if state.cut_after is not None and len(body) > state.cut_after:
                body, state.cut_after = body[: state.cut_after], None
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_model_folder_without_anything_that_could_run(hub: Hub, tmp_path: Path) -> None:
    hub.files |= {"pytorch_model.bin": b"x", "modeling.py": b"x", "../evil.json": b"x", "C:\\evil.json": b"x"}
    hub.files |= {"big.gguf": b"x", "README.md": b"x", "extra/more.json": b"[]"}
    told: list[tuple[int, int]] = []
    folder = tmp_path / "new" / "tiny"
    got = download("me/tiny", folder=folder, endpoint=hub.endpoint, progress=lambda *n: told.append(n))
    assert got == folder
    assert names(tmp_path) == [
        f"new/tiny/{name}"
        for name in ("config.json", "extra/more.json", "model.safetensors", "tokenizer.json")
    ]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    total = sum(len(hub.files[name]) for name in ("config.json", "extra/more.json", "tokenizer.json"))
    assert told[-1] == (total + len(WEIGHTS), total + len(WEIGHTS))
    assert told == sorted(told)
    hub.asked.clear()
    download("me/tiny", folder=folder, endpoint=hub.endpoint)
    assert [path.partition("?")[0] for path, _ in hub.asked] == ["/api/models/me/tiny/revision/main"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_cut_download_goes_on_where_it_stopped(hub: Hub, tmp_path: Path, ranges: bool) -> None:
    hub.cut_after, hub.ranges = 3_000_000, ranges
    with pytest.raises(UserError, match="could not be downloaded"):
        download("me/tiny", folder=tmp_path, file="model.safetensors", endpoint=hub.endpoint)
    assert not (tmp_path / "model.safetensors").exists()
    got = download("me/tiny", folder=tmp_path, file="model.safetensors", endpoint=hub.endpoint)
    assert got.read_bytes() == WEIGHTS
    start = hub.asked[-1][1]
    assert start.startswith("bytes=") and 0 < int(start[6:-1]) <= 3_000_000
    assert names(tmp_path) == ["model.safetensors"]


def test_a_stopped_download_keeps_its_part(hub: Hub, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("me/tiny", folder=tmp_path, file="model.safetensors", endpoint=hub.endpoint, progress=stop)
    assert names(tmp_path) != []
    download("me/tiny", folder=tmp_path, file="model.safetensors", endpoint=hub.endpoint)
    assert names(tmp_path) == ["model.safetensors"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_other_content_than_announced_is_removed(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.announced[name] = hub.files[name][:-1] + b"?"
    with pytest.raises(UserError, match="differs from what the hub announced"):
        download("me/tiny", folder=tmp_path, file=name, endpoint=hub.endpoint)
    assert names(tmp_path) == []


def test_a_damaged_file_is_fetched_again(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"a": 2}')
    download("me/tiny", folder=tmp_path, file="config.json", endpoint=hub.endpoint)
    assert (tmp_path / "config.json").read_bytes() == b'{"a": 1}'


def test_more_than_the_disk_holds_is_refused_first(hub: Hub, tmp_path: Path) -> None:
    hub.sizes["model.safetensors"] = 10**18
    with pytest.raises(UserError, match=r"takes .* GiB, and .* free"):
        download("me/tiny", folder=tmp_path / "new", endpoint=hub.endpoint)
    assert names(tmp_path) == []


def test_errors_are_sentences(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(repo: str, message: str, **options: str) -> None:
        with pytest.raises(UserError, match=message) as caught:
            download(repo, folder=tmp_path, **{"endpoint": hub.endpoint, **options})  # type: ignore[arg-type]
        assert caught.value.hint

    refused("me/nothing", "has no model")
    refused("me/gated", "accept its conditions")
    refused("not a name!", "has no model")
    refused("me/tiny", "has no file other.gguf", file="other.gguf")
    refused("me/tiny", "could not be downloaded", endpoint="http://127.0.0.1:9")
    hub.files = {"tiny-q4.gguf": b"x"}
    refused("me/tiny", "no safetensors files")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused("me/tiny", "switched off")
    with pytest.raises(UserError, match="switched off"):
        list_repo("me/tiny", endpoint=hub.endpoint)


@pytest.mark.skipif(os.name != "posix", reason="the limit stands for a file system's")
def test_a_file_too_large_for_the_disk_is_told_and_removed(hub: Hub, tmp_path: Path) -> None:
    """Downloading it again would fail at the same byte."""
    target = tmp_path / "model.safetensors"
    with (
        limited_file_size(1_000_000),
        pytest.raises(UserError, match=f"takes no file as large as {target}") as refused,
    ):
        download("me/tiny", folder=tmp_path, file="model.safetensors", endpoint=hub.endpoint)
    assert "another disk" in refused.value.hint
    assert list(tmp_path.iterdir()) == []
