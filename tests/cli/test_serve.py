"""`orca-desk serve`: it says where it serves, ends on Ctrl-C, and leaves nothing behind when it is killed."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
from click.testing import CliRunner
from processes import ends
from tiny_models import TinyModel

from orca_desk.cli import commands
from orca_desk.library.database import Library
from orca_desk.steps.chat.serving import ServeSettings, files_to_serve, read_choice, save_choice


class Command:
    """The command in a process of its own, once it serves."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orca_desk", "serve", "--library", str(folder), "--port", "0", "--json",
             "--batch", "1", "--context", "256", *options],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            self.told = self._read()
            (self.worker,) = psutil.Process(self.process.pid).children()
        except BaseException:  # it did not start: other tests count the children of this process
            self.close()
            raise

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        lines = [self.process.stdout.readline()]
        while lines[-1] not in ("}\n", ""):
            lines.append(self.process.stdout.readline())
        told: dict[str, Any] = json.loads("".join(lines))
        return told

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def command(tiny_llama: TinyModel, tmp_path: Path) -> Iterator[Command]:
    made = Command(
        tmp_path / "library", "--model", f"small={tiny_llama.gguf}", "--model", str(tiny_llama.gguf)
    )
    yield made
    made.close()


def test_a_killed_command_leaves_no_server(command: Command) -> None:
    assert [one["name"] for one in command.told["models"]] == ["small", "model"]
    assert command.told["local"] is True
    with urlopen(f"{command.told['url']}/models", timeout=30) as response:
        assert [one["id"] for one in json.load(response)["data"]] == ["small", "model"]
    command.process.kill()
    assert ends(command.worker.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_it_cleanly(command: Command) -> None:
    command.process.send_signal(signal.SIGINT)
    assert command.process.wait(30) == 0
    assert ends(command.worker.pid)


def test_files_and_their_names(tiny_llama: TinyModel, tmp_path: Path) -> None:
    file = str(tiny_llama.gguf)

    def refused(*words: str) -> str:
        done = CliRunner().invoke(commands, ["serve", "--library", str(tmp_path), *words])
        return str(done.exception) + done.output

    assert "Two files have the name" in refused("--model", f"a={file}", "--model", f"a={file}")
    assert "is not a file" in refused("--model", "a=missing.gguf")
    assert "There is no model 'b' for the adapter" in refused(
        "--model", f"a={file}", "--adapter", f"b={file}"
    )
    assert "either TRAINING or --model" in refused("training-1", "--model", file)
    named = files_to_serve(tmp_path, {"a": tiny_llama.gguf}, {"a": tiny_llama.gguf})
    assert [(one.name, one.model.part) for one in named] == [("a", "student")]


def test_the_choice_is_kept_without_the_key(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        assert read_choice(library) == (None, ServeSettings())
        save_choice(library, "training-1", ServeSettings(host="::1", port=81, key="secret"))
        assert read_choice(library) == ("training-1", ServeSettings(host="::1", port=81))
        save_choice(library, None, ServeSettings())
        assert read_choice(library)[0] is None
