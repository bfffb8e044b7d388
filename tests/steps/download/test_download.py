"""Downloads as runs: stored, paused, stopped, killed, resumed and listed; by workers, from a local hub."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hub_server import HubServer, ServedRepo, hub_server
from new_library import new_library
from processes import ends
from tiny_models import TinyModel, TinyShape, make_tiny

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import added_paths
from orca_desk.library.database import Library
from orca_desk.library.runs import list_runs
from orca_desk.models.hub.choice import choose, variants_of
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.download.download import Downloaded, download, download_to_resume
from orca_desk.steps.download.fit import fits_of_variants
from orca_desk.steps.download.request import DownloadRequest, folder_for, request_for
from orca_desk.steps.download.session import HubSession
from orca_desk.ui.words.hub import arrived_sentence
from orca_desk.ui.words.runs import outcome_of

WEIGHTS = bytes(range(256)) * 4_000  # 1 MB


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with new_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def hub() -> Iterator[HubServer]:
    files = {
        "config.json": b"{}",
        "model.safetensors": WEIGHTS,
        "README.md": b"---\nlicense: mit\n---\n# Tiny",
    }
    with hub_server(ServedRepo(files=files), ServedRepo(name="me/quant", files={"q.gguf": b"G"})) as state:
        yield state


def request(hub: HubServer, folder: Path, file: str | None = None, repo: str = "me/tiny") -> DownloadRequest:
    with HubSession(hub.endpoint) as session:
        opened = session.open(repo).repo
    return request_for(hub.endpoint, opened, choose(opened, file), folder_for(folder, repo))


def half_arrived(folder: Path) -> None:
    """Wait until half of the weights are on the disk."""
    pause = threading.Event()
    while not any(part.stat().st_size >= len(WEIGHTS) // 2 for part in folder.glob("*.part")):
        pause.wait(0.01)


def test_a_download_is_a_run_and_its_model_is_listed(
    library: Library, hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError("only workers connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    told: list[Update] = []
    made = download(library, request(hub, tmp_path / "models"), progress=told.append)
    folder = tmp_path / "models" / "me" / "tiny"
    assert made == Downloaded(run="download-1", path=folder, finished=True)
    assert sorted(one.name for one in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    (run,) = list_runs(library)
    assert (run.kind, run.status, run.unit) == ("download", "done", "MB")
    assert outcome_of(run).startswith("3 files, 1000 KiB, each with the hub's hash, in ")
    assert run.done == run.total == pytest.approx(sum(map(len, hub.repo.files.values())) / 1e6)
    assert told[-1].stage == "downloading" and added_paths(library) == [folder]
    one = download(library, request(hub, tmp_path / "models", "q.gguf", "me/quant"))
    assert one.path == tmp_path / "models" / "me" / "quant" / "q.gguf" and one.path.read_bytes() == b"G"


def test_only_what_was_downloaded_is_replaced_by_a_newer_version(
    library: Library, hub: HubServer, tmp_path: Path
) -> None:
    folder = tmp_path / "me" / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"my own")
    for _ in range(2):  # a second attempt knows no more
        with pytest.raises(UserError, match="would be replaced"):
            download(library, request(hub, tmp_path))
    assert [one.name for one in folder.iterdir()] == ["config.json"]
    (folder / "config.json").unlink()
    assert download(library, request(hub, tmp_path)).finished
    hub.repo.commit, hub.repo.files["config.json"] = "b" * 40, b'{"newer": 1}'
    assert download(library, request(hub, tmp_path)).finished
    assert (folder / "config.json").read_bytes() == b'{"newer": 1}'


def test_files_of_several_models_are_each_looked_at(hub: HubServer, tmp_path: Path) -> None:
    small = make_tiny(tmp_path / "small").gguf.read_bytes()
    large = make_tiny(tmp_path / "large", shape=TinyShape(layers=3)).gguf.read_bytes()
    files = {"small-Q8_0.gguf": small, "small-Q4_0.gguf": small, "large-Q8_0.gguf": large}
    hub.repos.append(ServedRepo(name="you/many", files=files))
    with HubSession(hub.endpoint) as session:
        repo = session.open("you/many").repo
        fits = fits_of_variants(session, repo, variants_of(repo))
    caches = {name: dict(found.fit.parts)["cache"] for name, found in fits.items() if found.fit}
    assert caches["large-Q8_0.gguf"] > caches["small-Q8_0.gguf"] == caches["small-Q4_0.gguf"]
    assert len(hub.files_asked()) == 2  # one start per model


def test_a_stopped_download_resumes_from_what_the_run_stored(
    library: Library, hub: HubServer, tmp_path: Path
) -> None:
    control, released = JobControl(), threading.Event()
    asked = request(hub, tmp_path)

    def hold() -> None:
        half_arrived(asked.folder)
        control.stop()
        released.wait(20)

    hub.hold = hold
    made = download(library, asked, control=control)
    released.set()
    hub.hold = None
    assert not made.finished and list_runs(library)[0].status == "cancelled"
    (part,) = asked.folder.glob("*.part")
    have = part.stat().st_size
    assert arrived_sentence(asked) == "500 KiB of 1000 KiB of me/tiny have arrived."
    hub.asked.clear()
    again = download_to_resume(library, made.run)
    assert again == asked
    assert download(library, again).run == made.run  # the same run goes on
    assert f"bytes={have}-" in [one.range for one in hub.files_asked()]
    assert "/api/" not in " ".join(hub.paths())  # its hashes are stored: nothing is listed again
    assert (asked.folder / "model.safetensors").read_bytes() == WEIGHTS
    with pytest.raises(UserError, match="already finished"):
        download_to_resume(library, made.run)


def test_a_paused_download_leaves_the_connection_and_goes_on(
    library: Library, hub: HubServer, tmp_path: Path
) -> None:
    control, paused, seen = JobControl(), threading.Event(), threading.Event()
    asked = request(hub, tmp_path)

    def hold() -> None:
        seen.set()
        paused.wait(20)

    hub.hold = hold
    ended: list[Downloaded] = []
    job = threading.Thread(target=lambda: ended.append(download(library, asked, control=control)))
    job.start()
    assert seen.wait(20)
    control.pause()
    hub.hold = None
    paused.set()
    control.resume()
    job.join(20)
    assert ended[0].finished and (asked.folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_failed_download_says_why_and_stays_resumable(
    library: Library, hub: HubServer, tmp_path: Path
) -> None:
    hub.sent["model.safetensors"] = WEIGHTS[:-1] + b"?"
    asked = request(hub, tmp_path)
    with pytest.raises(UserError, match="differs from what the hub announced"):
        download(library, asked)
    (run,) = list_runs(library)
    assert run.status == "failed" and "differs" in run.outcome and added_paths(library) == []
    hub.sent.clear()
    assert download(library, download_to_resume(library, run.id)).finished
    assert len(list_runs(library)) == 1


def test_a_download_survives_the_death_of_its_host(hub: HubServer, tmp_path: Path) -> None:
    arrived, released = threading.Event(), threading.Event()
    folder = tmp_path / "out"
    script = Path(__file__).parents[2] / "support" / "killable_download.py"
    command = [sys.executable, str(script), str(tmp_path / "library"), hub.endpoint, str(folder)]

    def hold() -> None:
        half_arrived(folder)
        arrived.set()
        released.wait(20)

    hub.hold = hold
    host = subprocess.Popen(command)
    assert arrived.wait(60)
    (worker,) = psutil.Process(host.pid).children()
    host.kill()
    host.wait()
    assert ends(worker.pid)
    released.set()
    hub.hold = None
    (part,) = folder.glob("*.part")
    have = part.stat().st_size
    hub.asked.clear()
    subprocess.run(command, check=True, timeout=60)
    assert f"bytes={have}-" in [one.range for one in hub.files_asked()]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    with Library.open(tmp_path / "library") as library:
        assert [(run.id, run.status) for run in list_runs(library)] == [("download-1", "done")]


def test_what_is_switched_off_stays_off(
    library: Library, hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(hub, tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for connect in (lambda: download(library, asked), lambda: HubSession(hub.endpoint)):
        with pytest.raises(UserError, match="switched off"):
            connect()
    assert list_runs(library) == []


def test_a_visit_searches_opens_and_looks_whether_it_fits(hub: HubServer, tiny_llama: TinyModel) -> None:
    hub.repo.facts = {"tags": ["safetensors", "license:mit"], "downloads": 7, "gated": "auto"}
    hub.repos.append(ServedRepo(name="you/llama-GGUF", files={
        "llama-Q8_0.gguf": tiny_llama.gguf.read_bytes(), "mmproj-f16.gguf": b"x",
    }, facts={"tags": ["gguf"], "gguf": {"total": 10, "architecture": "llama"}}))  # fmt: skip
    with HubSession(hub.endpoint) as session:
        (found,) = session.search("TINY", kind="safetensors", order="likes")
        assert (found.name, found.licence, found.gate, found.downloads) == ("me/tiny", "mit", "auto", 7)
        assert {one.name for one in session.search("")} == {"me/tiny", "me/quant", "you/llama-GGUF"}
        assert hub.asked[0].query["sort"] == ["likes"] and hub.asked[0].query["filter"] == ["safetensors"]
        opened = session.open("me/tiny")
        assert opened.card == "# Tiny" and opened.repo.model.licence == "mit"
        gguf = session.open("you/llama-GGUF").repo
        variant = choose(gguf, "llama-Q8_0.gguf")
        shape = session.shape(gguf, variant).model
        assert (shape.architecture, shape.layers, shape.quantisation) == ("llama", 2, "Q8_0")
        assert shape.cached_values and shape.size_bytes == tiny_llama.gguf.stat().st_size
        assert session.shape(opened.repo, choose(opened.repo, None)).config == {}
        with pytest.raises(UserError, match="has no model"):
            session.open("me/gone")
    with pytest.raises(UserError, match="offline again"):
        session.search("x")


def test_a_question_that_waits_ends_with_the_visit(hub: HubServer) -> None:
    asked, released = threading.Event(), threading.Event()
    hub.repo.files["README.md"] = b"x" * 2_000

    def hold() -> None:
        asked.set()
        released.wait(20)

    hub.hold = hold
    session = HubSession(hub.endpoint)
    failures: list[Exception] = []

    def ask() -> None:
        try:
            session.open("me/tiny")
        except UserError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert asked.wait(30)
    session.close()
    thread.join(10)
    released.set()
    assert "offline again" in str(failures[0])
