"""Downloads against a local hub, with every fault that a real one can have."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_limits import limited_file_size
from hub_server import COMMIT, HubServer, ServedRepo, hub_server

from orca_desk.errors import UserError
from orca_desk.models.hub import connection
from orca_desk.models.hub.choice import choose
from orca_desk.models.hub.connection import Hub, connected
from orca_desk.models.hub.fetch import Progress, Stage, download_files, part_of, silent
from orca_desk.models.hub.listing import list_repo, search
from orca_desk.ui.words.hub import facts_of, licence_of

WEIGHTS = bytes(range(256)) * 20_000  # 5 MB
SHARDS = {"config.json": b'{"a": 1}', "model.safetensors": WEIGHTS, "tokenizer.json": b"{}"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the transport's pauses between attempts pass at once; return them."""
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server(ServedRepo(files=dict(SHARDS))) as state:
        yield state


def fetch(
    hub: HubServer, folder: Path, file: str | None = None, *, repo: str = "me/tiny", revision: str = "main",
    token: str = "", endpoint: str = "", replace: bool = False, progress: Progress = silent,
) -> Path:  # fmt: skip
    """Download as the worker does."""
    where = Hub(endpoint=endpoint or hub.endpoint, token=token)
    with connected(where):
        listed = list_repo(where, repo, revision=revision)
        files = choose(listed, file).files
        download_files(where, listed, files, folder, replace=replace, progress=progress)
    return folder / (file or "")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_model_folder_without_anything_that_could_run(hub: HubServer, tmp_path: Path) -> None:
    hub.repo.files |= {"pytorch_model.bin": b"x", "modeling.py": b"x", "../evil.json": b"x"}
    hub.repo.files |= {"C:\\evil.json": b"x", ".hidden/a.json": b"x", "a\nb.json": b"x"}
    hub.repo.files |= {"big.gguf": b"x", "README.md": b"# Tiny", "extra/more.json": b"[]", "LICENSE": b"MIT"}
    hub.repo.files |= {"consolidated.safetensors": b"x", "fp16/model.safetensors": b"x"}
    told: list[tuple[Stage, int, int]] = []
    folder = tmp_path / "new" / "tiny"
    fetch(hub, folder, progress=lambda *n: told.append(n))
    whole = ("LICENSE", "README.md", "config.json", "extra/more.json", "model.safetensors", "tokenizer.json")
    assert names(tmp_path) == [f"new/tiny/{name}" for name in whole]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    total = sum(len(hub.repo.files[name]) for name in whole)
    arrived = [(done, of) for stage, done, of in told if stage == "downloading"]
    assert arrived[-1] == (total, total) and arrived == sorted(arrived)
    hub.asked.clear()
    fetch(hub, folder)
    assert hub.paths() == ["/api/models/me/tiny/revision/main"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_taken_up_again(hub: HubServer, tmp_path: Path, ranges: bool) -> None:
    hub.cut_after, hub.ranges = 3_000_000, ranges
    assert fetch(hub, tmp_path, "model.safetensors").read_bytes() == WEIGHTS
    first, again = hub.files_asked()
    assert first.range == "" and again.range.startswith("bytes=")
    assert 0 < int(again.range[6:-1]) <= 3_000_000
    assert names(tmp_path) == ["model.safetensors"]


def test_a_server_that_sends_a_file_only_whole_and_never_does_is_given_up(
    hub: HubServer, tmp_path: Path
) -> None:
    hub.cut_after, hub.ranges, hub.cuts = 3_000_000, False, 100
    with pytest.raises(UserError, match=r"connection to .* failed: peer closed"):
        fetch(hub, tmp_path, "model.safetensors")
    assert len(hub.files_asked()) == 5


def test_a_lost_connection_keeps_its_part_for_the_next_start(hub: HubServer, tmp_path: Path) -> None:
    def end(stage: Stage, done: int, total: int) -> None:
        if done > 2_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(hub, tmp_path, "model.safetensors", progress=end)
    (part,) = tmp_path.iterdir()
    have = part.stat().st_size
    assert 0 < have < len(WEIGHTS) and part.suffix == ".part"
    hub.asked.clear()
    fetch(hub, tmp_path, "model.safetensors")
    assert [one.range for one in hub.files_asked()] == [f"bytes={have}-"]
    assert names(tmp_path) == ["model.safetensors"]


def test_a_silent_server_is_lost_after_a_while(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    hub.hold, hub.hold_at = lambda: released.wait(20), 0.0
    monkeypatch.setattr(connection, "SECONDS_TO_ANSWER", 0.1)
    try:
        with pytest.raises(UserError, match=r"connection to .* failed: .*timed out") as refused:
            fetch(hub, tmp_path, "model.safetensors")
        assert "resumes where it stopped" in refused.value.hint
    finally:
        released.set()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_other_bytes_of_the_same_size_are_removed(hub: HubServer, tmp_path: Path, name: str) -> None:
    hub.sent[name] = hub.repo.files[name][:-1] + b"?"
    with pytest.raises(UserError, match="differs from what the hub announced"):
        fetch(hub, tmp_path, name)
    assert names(tmp_path) == []


def test_a_hash_that_is_none_leads_nowhere(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = hub.repo.listing()
    for sibling in listing["siblings"]:  # type: ignore[attr-defined]
        sibling["blobId"] = "../../evil"
        if "lfs" in sibling:
            sibling["lfs"]["sha256"] = "../../../evil"
    monkeypatch.setattr(ServedRepo, "listing", lambda self: listing)
    with pytest.raises(UserError, match="differs from what the hub announced"):
        fetch(hub, tmp_path / "in", "model.safetensors")
    assert names(tmp_path) == []


def test_more_bytes_than_announced_are_not_written(hub: HubServer, tmp_path: Path) -> None:
    hub.repo.announced["model.safetensors"] = WEIGHTS[:1_000_000]
    with pytest.raises(UserError, match="differs from what the hub announced"):
        fetch(hub, tmp_path, "model.safetensors")
    assert names(tmp_path) == []


def test_fewer_bytes_than_announced_are_kept(hub: HubServer, tmp_path: Path) -> None:
    hub.sent["model.safetensors"] = WEIGHTS[:1_000_000]
    with pytest.raises(UserError, match="stopped after 1,000,000 of 5,120,000 bytes"):
        fetch(hub, tmp_path, "model.safetensors")
    hub.sent.clear()
    fetch(hub, tmp_path, "model.safetensors")
    assert hub.files_asked()[-1].range == "bytes=1000000-"


def test_a_wrong_content_length_is_a_lost_connection(hub: HubServer, tmp_path: Path) -> None:
    hub.length_more = 10
    assert fetch(hub, tmp_path, "model.safetensors").read_bytes() == WEIGHTS


def test_another_part_of_the_file_than_asked_for_is_refused(hub: HubServer, tmp_path: Path) -> None:
    hub.cut_after, hub.range_shift = 1_000_000, 7
    with pytest.raises(UserError, match="sent a different part of the file"):
        fetch(hub, tmp_path, "model.safetensors")


def test_a_new_version_never_continues_an_older_one(hub: HubServer, tmp_path: Path) -> None:
    def end(stage: Stage, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(hub, tmp_path, "model.safetensors", progress=end)
    hub.repo.commit, newer = "b" * 40, WEIGHTS[::-1]
    hub.repo.files["model.safetensors"] = newer
    hub.asked.clear()
    assert fetch(hub, tmp_path, "model.safetensors").read_bytes() == newer
    assert [one.range for one in hub.files_asked()] == [""]
    assert names(tmp_path) == ["model.safetensors"]
    with pytest.raises(UserError, match="has no such revision"):
        fetch(hub, tmp_path, revision=COMMIT)


@pytest.mark.parametrize("leads_on", [False, True])
def test_a_changed_tag_ends_before_any_byte(hub: HubServer, tmp_path: Path, leads_on: bool) -> None:
    with hub_server(ServedRepo(files=dict(SHARDS))) as storage:
        hub.redirect = storage.endpoint if leads_on else ""
        hub.etag = f'"{"0" * 64}"'
        with pytest.raises(UserError, match="has changed on 127") as refused:
            fetch(hub, tmp_path, "model.safetensors")
        assert "Open the model again" in refused.value.hint and names(tmp_path) == []
        hub.etag = 'W/"5-nginx"'  # of a server in between, and no hash
        assert fetch(hub, tmp_path, "model.safetensors").read_bytes() == WEIGHTS


def test_a_rate_limit_is_waited_for_or_told(hub: HubServer, tmp_path: Path, at_once: list[float]) -> None:
    hub.statuses = [(429, {"Retry-After": "7"}), (408, {})]
    where = Hub(endpoint=hub.endpoint)
    waits: list[int] = []
    with connected(where, waiting=waits.append):
        listed = list_repo(where, "me/tiny")
        download_files(where, listed, choose(listed, "model.safetensors").files, tmp_path)
    assert waits == [7] and at_once[0] == 8
    (tmp_path / "model.safetensors").unlink()
    hub.statuses = [(429, {"Retry-After": "3600"})]
    with pytest.raises(UserError, match="takes no more requests for 60 minutes"):
        fetch(hub, tmp_path, "model.safetensors")


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "does not accept the token"), (403, "does not let this token"), (500, "internal problem")],
)
def test_a_status_is_a_sentence(hub: HubServer, tmp_path: Path, status: int, message: str) -> None:
    hub.statuses = [(status, {"X-Error-Message": "Invalid credentials in Authorization header"})] * 6
    with pytest.raises(UserError, match=message) as refused:
        fetch(hub, tmp_path, "model.safetensors")
    assert refused.value.hint


def test_a_token_opens_and_never_leaves_for_another_host(hub: HubServer, tmp_path: Path) -> None:
    hub.repo.gated, hub.token = True, "hf_secret"
    with pytest.raises(UserError, match="accept its conditions") as refused:
        fetch(hub, tmp_path, "model.safetensors")
    assert f"{hub.endpoint}/me/tiny" in refused.value.hint
    with hub_server(ServedRepo(files=dict(SHARDS))) as other:
        hub.redirect = other.endpoint
        fetch(hub, tmp_path, "model.safetensors", token="hf_secret")
        assert [one.token for one in hub.files_asked()] == ["", "hf_secret"]
        assert [one.token for one in other.files_asked()] == [""]
    with pytest.raises(UserError, match="does not accept the token"):
        fetch(hub, tmp_path, token="wrong")


def test_no_token_of_another_tool_is_sent(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    fetch(hub, tmp_path, "config.json")
    assert {one.token for one in hub.asked} == {""}


def test_an_encrypted_hub_cannot_lead_to_an_open_address(hub: HubServer) -> None:
    import httpx2
    from huggingface_hub.utils import get_session

    with connected(Hub(endpoint="https://hub.example")):
        (_, keep_encrypted) = get_session().event_hooks["request"]
        keep_encrypted(httpx2.Request("GET", "https://cdn.example/x"))
        with pytest.raises(UserError, match="not encrypted"):
            keep_encrypted(httpx2.Request("GET", "http://cdn.example/x"))


def test_a_damaged_file_is_fetched_again(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b'{"a": 2}')
    fetch(hub, tmp_path, "config.json", replace=True)
    assert (tmp_path / "config.json").read_bytes() == b'{"a": 1}'


def test_a_file_of_the_users_own_is_never_replaced(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"my own")
    with pytest.raises(UserError, match=r"model.safetensors is not the hub's .* would be replaced"):
        fetch(hub, tmp_path)
    assert names(tmp_path) == ["model.safetensors"] and hub.files_asked() == []
    assert (tmp_path / "model.safetensors").read_bytes() == b"my own"


def test_a_folder_that_can_not_be_made_is_told(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match=r"config.json cannot be written: Not a directory"):
        fetch(hub, tmp_path / "file" / "below")


def test_more_than_the_disk_holds_is_refused_first(hub: HubServer, tmp_path: Path) -> None:
    hub.repo.sizes["model.safetensors"] = 10**18
    with pytest.raises(UserError, match=r"The download needs .* GiB on the disk, and .* free"):
        fetch(hub, tmp_path / "new")
    assert names(tmp_path) == [] and hub.files_asked() == []


def test_two_downloads_into_one_folder_take_turns(hub: HubServer, tmp_path: Path) -> None:
    def again(stage: Stage, done: int, total: int) -> None:
        fetch(hub, tmp_path, "config.json")

    connection_wait = "orca_desk.models.hub.fetch.SECONDS_TO_UNLOCK"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection_wait, 0.01)
        with pytest.raises(UserError, match="Another download into"):
            fetch(hub, tmp_path, "model.safetensors", progress=again)


def test_errors_are_sentences(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(repo: str, message: str, *, file: str | None = None, endpoint: str = "") -> None:
        with pytest.raises(UserError, match=message) as caught:
            fetch(hub, tmp_path, file, repo=repo, endpoint=endpoint)
        assert caught.value.hint

    refused("me/nothing", "has no model")
    refused("not a name!", "not the name of a model")
    refused("me/../tiny", "not the name of a model")
    refused("me/tiny", "has no file other.gguf", file="other.gguf")
    refused("me/tiny", "connection to 127.0.0.1:9 failed", endpoint="http://127.0.0.1:9")
    hub.repo.files = {"tiny-q4.gguf": b"x"}
    refused("me/tiny", "no safetensors files")
    hub.repo.files = {"pytorch_model.bin": b"x"}
    refused("me/tiny", "no safetensors files. Its weights are pickles")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused("me/tiny", "switched off")


@pytest.mark.skipif(os.name != "posix", reason="the limit stands for a file system's")
def test_a_file_too_large_for_the_disk_is_told_and_removed(hub: HubServer, tmp_path: Path) -> None:
    """Downloading it again would fail at the same byte."""
    target = tmp_path / "model.safetensors"
    with (
        limited_file_size(1_000_000),
        pytest.raises(UserError, match=f"cannot hold a file as large as {target}") as refused,
    ):
        fetch(hub, tmp_path, "model.safetensors")
    assert "another disk" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it stands for a full disk")
def test_a_full_disk_is_told(hub: HubServer, tmp_path: Path) -> None:
    where, target = Hub(endpoint=hub.endpoint), tmp_path / "model.safetensors"
    with connected(where):
        listed = list_repo(where, "me/tiny")
        (file,) = choose(listed, target.name).files
        part_of(target, file).symlink_to("/dev/full")
        with pytest.raises(UserError, match=f"no space left for {target}"):
            download_files(where, listed, [file], tmp_path)


def test_an_answer_that_is_no_listing_is_told(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    where = Hub(endpoint=hub.endpoint)
    for nonsense in ({"siblings": 3}, {"nothing": 1}, [], "x"):
        monkeypatch.setattr(ServedRepo, "listing", lambda self, answer=nonsense: answer)
        with connected(where), pytest.raises(UserError, match="not a listing of models"):
            list_repo(where, "me/tiny")
    assert connection.SECONDS_TO_ANSWER > 0


def test_a_search_that_fails_is_told_as_one() -> None:
    """It is about no model, and downloads nothing."""
    where = Hub(endpoint="http://127.0.0.1:9")
    with connected(where), pytest.raises(UserError, match=r"^The connection to 127.0.0.1:9 failed: ") as lost:
        search(where, "tiny")
    assert lost.value.hint == "Check the connection, then try again."


@pytest.mark.parametrize(
    "facts",
    [
        {"tags": None},
        {"tags": "gguf"},
        {"tags": [1, None, "license:", "base_model:"]},
        {"gguf": "x", "safetensors": {"total": "x", "parameters": {}}},
        {"gguf": {"total": -1, "architecture": ["x"]}},
        {"gated": "maybe", "downloads": -1, "likes": "many", "private": "yes"},
        {"cardData": {"license": 3, "license_name": ["x"]}},
        {"lastModified": "yesterday"},
        {"pipeline_tag": "x" * 10_000, "config": "x"},
        {"siblings": [{"rfilename": "model.safetensors"}]},
    ],
)
def test_odd_facts_are_shown_or_refused_in_a_sentence(hub: HubServer, facts: dict[str, object]) -> None:
    hub.repo.facts = facts
    where = Hub(endpoint=hub.endpoint)
    with connected(where):
        for ask in (lambda: search(where, "tiny")[0], lambda: list_repo(where, "me/tiny").model):
            try:
                model = ask()
            except UserError as error:
                assert "not a listing of models" in error.message
            else:
                assert (
                    len(model.task) <= 300 and model.downloads >= 0 and model.gate in ("", "auto", "manual")
                )
                assert licence_of(model) and isinstance(facts_of(model), str)


def test_models_are_chosen_by_their_number_of_parameters(hub: HubServer) -> None:
    sizes = {
        "me/unknown": 0,
        "me/small": 1_240_000_000,
        "me/middle": 4_020_000_000,
        "me/large": 70_000_000_000,
    }
    hub.repos = [ServedRepo(files={}, name=name, facts={"gguf": {"total": n}}) for name, n in sizes.items()]
    where = Hub(endpoint=hub.endpoint)
    with connected(where):  # this hub is one that does not choose by size
        assert len(search(where, "me")) == 4 and "num_parameters" not in hub.asked[-1].query
        for size, name in (("1b", "me/small"), ("4b", "me/middle"), ("more", "me/large")):
            assert [one.name for one in search(where, "me", size=size)] == [name]
        assert hub.asked[-1].query["num_parameters"] == ["min:10000M"]
        assert search(where, "me", size="8b") == []
        assert hub.asked[-1].query["num_parameters"] == ["min:5500M,max:10000M"]
