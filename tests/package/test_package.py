"""The packaged app, moved elsewhere, without Python and without a network: `make package-test`."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage
from virtual_screen import Screen, missing_programs, virtual_screen

from orca_desk import offline
from orca_desk.inventory.bundled import REAL_STUDENT
from orca_desk.ui.words.roles import COLOURS

T = TypeVar("T")
pytestmark = [pytest.mark.package, pytest.mark.timeout(900)]
DIST = Path(__file__).resolve().parents[2] / "dist"
FIRST_WINDOW_SECONDS = 3.0
ACCENT = COLOURS["light"]["accent"]  # the colour of the one button to press next


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The unpacked archive in a read-only folder with a space and letters of other alphabets in its name."""
    archives = sorted(DIST.glob("orca-desk-*.tar.gz"))
    if not archives:
        pytest.fail("There is no package. Build it first: make package")
    archive = archives[-1]
    told = archive.with_name(f"{archive.name}.sha256").read_text().split()[0]
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == told
    folder = tmp_path_factory.mktemp("Ein Ordner für Orçá 机器")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    app = next(folder.iterdir())
    subprocess.run(["chmod", "-R", "a-w", str(app)], check=True)
    yield app
    subprocess.run(["chmod", "-R", "u+w", str(app)], check=True)
    shutil.rmtree(folder)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user's session without Python on the path; the app records every connection that it opens."""
    return {
        "HOME": str(tmp_path),
        "PATH": str(tmp_path / "empty"),
        "LANG": "C.UTF-8",
        offline.VARIABLE: str(tmp_path / "connections.txt"),
    }


def without_network() -> list[str]:
    """Return the command that starts a program in an empty network of its own, if this machine allows it."""
    unshare = shutil.which("unshare")
    allowed = unshare and subprocess.run([unshare, "-n", "true"], capture_output=True).returncode == 0
    return [str(unshare), "-n"] if allowed else []


def run(app: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*without_network(), str(app / "orca-desk"), *arguments],
        env=environment,
        cwd=environment["HOME"],
        capture_output=True,
        text=True,
        timeout=800,
    )


def stayed_offline(environment: dict[str, str]) -> bool:
    return not Path(environment[offline.VARIABLE]).exists()


def test_it_prints_its_version(moved: Path, environment: dict[str, str]) -> None:
    found = run(moved, environment, "--version")
    assert found.stdout.startswith("orca-desk, version "), found.stderr


def test_the_self_test_passes(moved: Path, environment: dict[str, str]) -> None:
    found = run(moved, environment, "self-test", "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    assert json.loads(found.stdout)["ok"] is True
    assert stayed_offline(environment)


def test_it_holds_the_real_student_with_its_card_and_licence(
    moved: Path, environment: dict[str, str]
) -> None:
    listed = json.loads(run(moved, environment, "models", "list", "--json").stdout)["models"]
    (found,) = (Path(one["path"]) for one in listed if Path(one["path"]).name == REAL_STUDENT)
    assert found.is_relative_to(moved)
    assert {path.name for path in found.parent.iterdir()} == {REAL_STUDENT, "README.md", "LICENSE"}


def test_the_demo_runs_as_a_command(moved: Path, environment: dict[str, str], tmp_path: Path) -> None:
    found = run(moved, environment, "demo", "--library", str(tmp_path / "eine Bibliothek"), "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["tuned_minus_base"]["difference"] >= 0.35
    assert stayed_offline(environment)


@pytest.mark.skipif(bool(missing_programs()), reason=f"needs {', '.join(missing_programs())}")
def test_the_demo_runs_by_clicks(moved: Path, environment: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "my library"
    shots = Path(os.environ.get("ORCA_DESK_SHOTS", tmp_path))
    with virtual_screen(tmp_path) as screen:
        began = time.monotonic()
        app = subprocess.Popen(
            [*without_network(), str(moved / "orca-desk"), "desktop", "--library", str(library)],
            env=environment | {"DISPLAY": screen.display},
            stderr=subprocess.PIPE,
        )
        try:
            screen.xdotool("search", "--sync", "--onlyvisible", "--name", "Orca Desk")
            seconds = time.monotonic() - began
            print(f"first window after {seconds:.2f} s", file=sys.stderr)
            keep_picture(screen, shots / "packaged-first-window.png")
            wait_for(lambda: tour_is_shown(screen), seconds=20)
            screen.click(*wait_for(lambda: end_tour(screen), seconds=60))
            wait_for(lambda: (library / "demo.json").exists() or None, seconds=700)
            wait_for(lambda: screen.find(ACCENT, at_least=(100, 20)), seconds=60)  # what to do next
            keep_picture(screen, shots / "packaged-demo.png")
        finally:
            app.terminate()
            assert app.wait(60) == 0
            assert app.stderr
            with app.stderr as said:
                assert said.read() == b""
    assert json.loads((library / "demo.json").read_text())["tuned_minus_base"]["difference"] >= 0.35
    assert seconds < FIRST_WINDOW_SECONDS
    assert stayed_offline(environment)


@pytest.mark.skipif(not list(DIST.glob("*.deb")), reason="no .deb was built: dpkg-deb is missing")
def test_the_deb_contains_the_app_and_its_menu_entry(environment: dict[str, str], tmp_path: Path) -> None:
    (deb,) = DIST.glob("*.deb")
    digest = deb.with_name(f"{deb.name}.sha256").read_text().split()[0]
    assert hashlib.sha256(deb.read_bytes()).hexdigest() == digest
    root = tmp_path / "root"
    subprocess.run(["dpkg-deb", "--extract", str(deb), str(root)], check=True)
    entry = (root / "usr/share/applications/orca-desk.desktop").read_text()
    assert "Exec=orca-desk desktop %f" in entry
    (kind,) = ElementTree.parse(root / "usr/share/mime/packages/orca-desk.xml").findall("{*}mime-type")
    assert f"MimeType={kind.get('type')};" in entry
    assert not QImage(str(root / "usr/share/icons/hicolor/128x128/apps/orca-desk.png")).isNull()
    found = run(root / "usr/bin", environment, "self-test", "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    assert stayed_offline(environment)


def wait_for(look: Callable[[], T | None], *, seconds: float) -> T:
    """Return what `look` returns once it is not None; fail when time is up.

    The app runs in another process, which tells nobody when it has painted: this looks again and again.
    """
    end = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < end, "this did not happen in time"
        time.sleep(0.2)
    return found


def tour_is_shown(screen: Screen) -> bool | None:
    """Return True once the tour of a first start covers "Run the demo", which was visible for a moment."""
    return (
        True
        if screen.find(ACCENT, at_least=(40, 20)) and not screen.find(ACCENT, at_least=(100, 20))
        else None
    )


def end_tour(screen: Screen) -> tuple[int, int] | None:
    """Click through the tour of a first start; return the position of "Run the demo" once it is visible."""
    if run_the_demo := screen.find(ACCENT, at_least=(100, 20)):
        return run_the_demo
    if further := screen.find(ACCENT, at_least=(40, 20)):
        screen.click(*further)
    return None


def keep_picture(screen: Screen, place: Path) -> None:
    assert QImage.fromData(screen.picture()).save(str(place))
