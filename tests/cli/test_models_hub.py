"""The commands that search and download, against a local hub."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import run_command
from hub_server import COMMIT, HubServer, ServedRepo, hub_server

FACTS = {"tags": ["gguf", "license:apache-2.0"], "downloads": 1_234, "gated": False}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server(ServedRepo(files={"tiny-Q4_K_M.gguf": b"G" * 100}, facts=FACTS)) as state:
        yield state


def orca(hub: HubServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, with the local hub as the usual one."""
    return run_command("models", *arguments, HF_ENDPOINT=hub.endpoint, HF_TOKEN="hf_mine")


def test_search_finds_models_and_lists_their_files(hub: HubServer) -> None:
    (found,) = json.loads(orca(hub, "search", "tin", "--kind", "gguf", "--json").stdout)["models"]
    assert (found["name"], found["licence"], found["downloads"]) == ("me/tiny", "apache-2.0", 1_234)
    assert {one.token for one in hub.asked} == {"hf_mine"}
    shown = orca(hub, "search", "me/tiny").stdout
    assert "tiny-Q4_K_M.gguf" in shown and "Q4_K_M" in shown and "Licence: Apache 2.0. Any use" in shown


def test_download_fetches_a_file_and_says_so(hub: HubServer, tmp_path: Path) -> None:
    into = ("--library", str(tmp_path / "library"), "--file", "tiny-Q4_K_M.gguf")
    done = orca(hub, "download", f"{hub.endpoint}/me/tiny", str(tmp_path / "out"), *into)
    assert f"Downloaded to {tmp_path / 'out' / 'tiny-Q4_K_M.gguf'}" in done.stdout, done.stderr
    assert (
        "Note: The token in HF_TOKEN is used." in done.stderr and "hf_mine" not in done.stdout + done.stderr
    )
    told = json.loads(orca(hub, "download", "me/tiny", str(tmp_path / "out"), *into, "--json").stdout)
    assert (told["run"], told["commit"], told["licence"]) == ("download-2", COMMIT, "apache-2.0")
    listed = json.loads(orca(hub, "list", *into[:2], "--json").stdout)
    paths = [one["path"] for one in listed["models"] + listed["not_usable"]]
    assert str(tmp_path / "out" / "tiny-Q4_K_M.gguf") in paths
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept and not any(b"hf_mine" in path.read_bytes() for path in kept)  # no token in a log or a run
    wrong = orca(hub, "download", "me/gone", *into)
    assert wrong.returncode == 1 and "has no model 'me/gone'" in wrong.stderr


def test_the_recommendations_need_no_connection(hub: HubServer) -> None:
    told = json.loads(orca(hub, "recommended", "--all", "--json").stdout)
    assert {one["role"] for one in told["models"]} == {"teacher", "student"} and "gemma" in told["licences"]
    assert hub.asked == []
