"""Both themes can be read, and every icon that the code names is there."""

import re
import tempfile
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from orca_desk.paths import resources
from orca_desk.ui.icons import BEFORE_TEXT, SIZE, icon
from orca_desk.ui.theme import Colours, Role, Theme
from orca_desk.ui.words.roles import COLOURS

UI = Path(__file__).resolve().parents[2] / "orca_desk" / "ui"
GROUNDS: tuple[Role, ...] = ("background", "surface", "raised")
INKS: tuple[Role, ...] = ("text", "muted", "accent", "teacher", "student", "base", "good", "bad", "warn")


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "ink", "ground"), list(product(COLOURS, INKS, GROUNDS)))
def test_every_text_colour_is_legible_on_every_background(theme: str, ink: Role, ground: Role) -> None:
    assert contrast(COLOURS[theme][ink], COLOURS[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", COLOURS)
def test_a_primary_button_is_legible(theme: str) -> None:
    assert contrast(COLOURS[theme]["on_accent"], COLOURS[theme]["accent"]) >= 4.5


@pytest.mark.parametrize("theme", COLOURS)
@pytest.mark.parametrize("role", ("teacher", "student", "base", "good", "bad", "accent"))
def test_text_is_legible_on_a_tint(theme: str, role: Role) -> None:
    assert contrast(COLOURS[theme]["text"], Colours(theme).tint(role).name()) >= 4.5


def test_no_colour_is_written_outside_the_theme() -> None:
    for path in [*UI.rglob("*.py"), resources() / "style.qss"]:
        if path.name != "roles.py":
            found = re.findall(
                r"#[0-9a-fA-F]{6}\b|QColor\(\s*[\"'\d]|(?<![.\w])rgba?\(", path.read_text(encoding="utf-8")
            )
            assert not found, f"{path.name}: {found}"


def test_a_folder_for_temporary_files_that_is_gone_keeps_no_window_from_opening(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    theme, window = Theme(qapp), QWidget()
    theme.apply_to(window)
    drawings = re.findall(r"url\(([^)]+)\)", window.styleSheet())
    assert drawings
    assert all(Path(drawing.strip("\"'")).is_file() for drawing in drawings)
    theme.deleteLater()
    window.deleteLater()


def test_every_icon_exists_and_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in UI.rglob("*.py"))
    there = {path.stem for path in (resources() / "icons").glob("*.svg")}
    named = {word for word in there if re.search(rf"[\"']{re.escape(word)}(\.svg)?[\"']", source)}
    assert there - named == set()


def test_only_an_icon_before_text_has_a_gap(qapp: QApplication) -> None:
    made = icon("house", Colours("light"))
    alone, before_text = made.pixmap(SIZE, SIZE), made.pixmap(SIZE + BEFORE_TEXT, SIZE)
    assert alone.deviceIndependentSize().toTuple() == (SIZE, SIZE)
    assert before_text.deviceIndependentSize().toTuple() == (SIZE + BEFORE_TEXT, SIZE)
    drawn = before_text.toImage()
    assert all(drawn.pixelColor(SIZE, row).alpha() == 0 for row in range(SIZE))
