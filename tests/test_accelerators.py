"""What llama.cpp and torch are built for: chosen by what the machine has and can build, never by half."""

import sys
from pathlib import Path

import pytest

from orca_desk import accelerators, install

LLAMA = ["--no-deps", "--no-cache-dir", "--force-reinstall", "llama-cpp-python"]


class Machine:
    """Says what the machine seems to have."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._patch, self._folder = monkeypatch, folder
        self.programs: set[str] = set()
        monkeypatch.setattr(accelerators.shutil, "which", self._which)
        monkeypatch.setattr(accelerators, "BUS", folder / "bus")
        monkeypatch.setattr(accelerators, "CUDA_ROOT", folder / "cuda")
        monkeypatch.setattr(accelerators, "RENDER_NODES", folder / "dri")
        monkeypatch.setattr(accelerators, "VULKAN_HEADERS", (folder / "vulkan.h",))
        monkeypatch.setattr(accelerators, "_is_apple_silicon", lambda: False)
        for name in (*accelerators.CUDA_FOLDERS, "VULKAN_SDK", "CMAKE_ARGS"):
            monkeypatch.delenv(name, raising=False)

    def _which(self, name: str) -> str | None:
        return f"/bin/{name}" if name in self.programs else None

    def has_graphics(self) -> None:
        for path, text in (("bus/0000:01:00.0/class", "0x030000\n"), ("dri/renderD128", "")):
            (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / path).write_text(text)

    def has_vulkan(self) -> None:
        self.programs.add("glslc")
        (self._folder / "vulkan.h").touch()

    def is_apple(self) -> None:
        self._patch.setattr(accelerators, "_is_apple_silicon", lambda: True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    return Machine(monkeypatch, tmp_path)


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an environment that does not exist yet."""
    found = tmp_path / "venv"
    monkeypatch.setenv("ORCA_DESK_VENV", str(found))
    return found


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """What pip would be asked to install, and with which options of CMake."""
    made: list[tuple[list[str], str]] = []

    def note(venv: Path, packages: list[str], options: str = "") -> bool:
        made.append((packages, options))
        return True

    monkeypatch.setattr(install, "python_of", lambda venv: Path(sys.executable))
    monkeypatch.setattr(install, "install", note)
    monkeypatch.setattr(install, "torch_has_cuda", lambda venv: False)
    for problem in ("compiler_problem", "disk_problem", "memory_problem"):
        monkeypatch.setattr(install, problem, lambda *_: "")
    return made


def compile_llama(venv: Path, accelerator: str = "") -> None:
    (venv / "lib/python3/site-packages/llama_cpp").mkdir(parents=True)
    if accelerator:
        (venv / accelerators.RECORD).write_text(f"{accelerator}\n")


def test_a_machine_without_a_card_stays_with_the_processor_whatever_it_can_build(machine: Machine) -> None:
    machine.programs = {"nvcc"}
    machine.has_vulkan()
    assert accelerators.found_accelerator() == ("cpu", "")


def test_nvidia_with_its_toolkit_is_cuda(machine: Machine) -> None:
    machine.programs = {"nvcc", "nvidia-smi"}
    assert accelerators.found_accelerator() == ("cuda", "")


def test_nvidia_without_its_toolkit_says_what_is_missing(machine: Machine) -> None:
    machine.programs = {"nvidia-smi"}
    name, lacking = accelerators.found_accelerator()
    assert name == "cpu" and "apt install nvidia-cuda-toolkit" in lacking
    machine.has_vulkan()
    assert accelerators.found_accelerator()[0] == "vulkan"


def test_another_card_is_vulkan_where_the_sdk_is(machine: Machine) -> None:
    machine.has_graphics()
    name, lacking = accelerators.found_accelerator()
    assert name == "cpu" and "glslc" in lacking
    machine.has_vulkan()
    assert accelerators.found_accelerator() == ("vulkan", "")


def test_apple_silicon_is_metal(machine: Machine) -> None:
    machine.is_apple()
    assert accelerators.found_accelerator() == ("metal", "")


@pytest.mark.parametrize(
    ("name", "missing"), [("cuda", "nvcc"), ("vulkan", "Vulkan SDK"), ("metal", "Apple silicon")]
)
def test_what_cannot_be_built_is_refused_before_anything_is_installed(
    machine: Machine,
    venv: Path,
    calls: list,
    name: str,
    missing: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert install.main(["--accelerator", name]) == 1
    assert missing in capsys.readouterr().err
    assert not venv.exists() and calls == []


def test_a_dry_run_says_what_would_be_done_and_what_it_takes(
    machine: Machine, venv: Path, calls: list, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.programs = {"nvcc"}
    assert install.main(["--accelerator", "cuda", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "10 to 30 minutes" in said and "2 to 3 GB" in said
    assert f'CMAKE_ARGS="-DGGML_CUDA=on" pip install {" ".join(LLAMA)}' in said
    assert not venv.exists() and calls == []


def test_the_options_of_the_user_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_LTO=on")
    made = accelerators.with_options("-DGGML_CUDA=on")
    assert made and made["CMAKE_ARGS"] == "-DGGML_LTO=on -DGGML_CUDA=on"
    assert accelerators.with_options("") is None


def test_an_environment_keeps_what_it_has_unless_told_otherwise(machine: Machine, venv: Path) -> None:
    machine.programs = {"nvcc", "nvidia-smi"}
    assert install.choose_accelerator("auto", venv) == "cuda"
    compile_llama(venv)
    assert install.choose_accelerator("auto", venv) == "cpu"
    assert not install.must_build(venv, "cpu") and install.must_build(venv, "cuda")


@pytest.mark.parametrize("said", ["cuda", "", "nonsense"])
def test_what_it_has_is_recorded(venv: Path, said: str) -> None:
    compile_llama(venv, said)
    assert accelerators.built_for(venv) == (said if said == "cuda" else "cpu")


def test_another_accelerator_builds_llama_cpp_anew_and_records_it(
    machine: Machine, venv: Path, calls: list, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.programs = {"nvcc"}
    compile_llama(venv, "cpu")
    assert install.main(["--accelerator", "cuda", "--without-real-model"]) == 0
    assert calls == [(LLAMA, "-DGGML_CUDA=on"), (["--editable", str(install.ROOT)], "")]
    assert accelerators.built_for(venv) == "cuda"
    assert "--torch-index URL" in capsys.readouterr().out, "torch is still one for processors"
    calls.clear()
    assert install.main(["--without-real-model"]) == 0
    assert calls == [(["--editable", str(install.ROOT)], "")], "the same command as always builds nothing"
    calls.clear()
    assert install.main(["--accelerator", "cpu", "--without-real-model"]) == 0
    assert calls[0] == (LLAMA, "") and accelerators.built_for(venv) == "cpu"


def test_another_index_replaces_torch_before_it_adds_what_that_requires(
    machine: Machine, venv: Path, calls: list
) -> None:
    compile_llama(venv, "cpu")
    assert install.main(["--torch-index", "file:///builds", "--without-real-model"]) == 0
    first, second = (packages for packages, _ in calls[1:])
    assert first[:4] == ["--index-url", "file:///builds", "--no-deps", "--force-reinstall"]
    assert first[-1] == second[-1] and first[-1].startswith("torch==")


def test_a_build_that_fails_is_not_recorded(
    machine: Machine, venv: Path, calls: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.programs = {"nvcc"}
    compile_llama(venv, "cpu")
    monkeypatch.setattr(install, "build_llama", lambda venv, accelerator: False)
    assert install.main(["--accelerator", "cuda"]) == 1
    assert accelerators.built_for(venv) == "cpu" and calls == []


def test_a_build_is_recorded_although_what_follows_fails(
    machine: Machine, venv: Path, calls: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.programs = {"nvcc"}
    compile_llama(venv, "cpu")
    monkeypatch.setattr(install, "install", lambda venv, packages, options="": packages == LLAMA)
    assert install.main(["--accelerator", "cuda"]) == 1
    assert accelerators.built_for(venv) == "cuda", "the same command must not compile it again"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tests"], "no EXTRA 'tests'"),
        (["--without-models", "tests"], "there are test, lm-eval, benchmark, grow, gpu, package"),
        (["--torch-index", "cu128"], "'cu128' is not an address"),
        (["--torch-index", ""], "'' is not an address"),
    ],
)
def test_a_slip_is_named_before_anything_is_done(
    venv: Path, calls: list, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit):
        install.main(arguments)
    assert said in capsys.readouterr().err
    assert not venv.exists() and calls == []
