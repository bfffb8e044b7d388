"""The house: a name tells one class, and tests mirror the package."""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = ROOT / "orca_desk", ROOT / "tests"
BESIDE = {"benchmarks", "end_to_end", "package", "real", "recipe", "support"}  # tests of no single folder
CLASS = re.compile(r"^class ([A-Z]\w*)", re.MULTILINE)


def test_no_two_public_classes_share_a_name() -> None:
    found = defaultdict(list)
    for file in PACKAGE.rglob("*.py"):
        for name in CLASS.findall(file.read_text(encoding="utf-8")):
            found[name].append(file.relative_to(PACKAGE).as_posix())
    assert len(found) > 500
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_each_folder_of_tests_is_a_folder_of_the_package() -> None:
    folders = {file.parent.relative_to(TESTS) for file in TESTS.rglob("test_*.py")}
    tested = [folder for folder in folders if not folder.parts or folder.parts[0] not in BESIDE]
    assert len(tested) > 20
    assert [folder.as_posix() for folder in tested if not (PACKAGE / folder).is_dir()] == []
