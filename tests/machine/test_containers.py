"""The limits of a container, in both versions of Linux's control groups."""

from pathlib import Path

import pytest

from orca_desk.machine import resources
from orca_desk.machine.containers import Control, cgroups


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_version_2_in_a_container_whose_root_is_its_own_group(tmp_path: Path) -> None:
    write(
        tmp_path / "root",
        memory__max="4294967296\n",
        memory__current="1000\n",
        memory__stat="anon 100\ninactive_file 400\n",
        cpu__max="150000 100000\n",
    )
    write(tmp_path, cgroup="0::/\n")
    [found] = cgroups(tmp_path / "cgroup", tmp_path / "root")
    assert found == Control(limit=2**32, used=600, cores=1.5)


def test_version_2_outside_a_container_reads_the_groups_around_too(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root / "user.slice/app.scope", memory__max="max\n", cpu__max="max 100000\n")
    write(root / "user.slice", memory__max="8000\n", memory__current="5000\n")
    write(tmp_path, cgroup="0::/user.slice/app.scope\n")
    assert cgroups(tmp_path / "cgroup", root) == [Control(limit=8000, used=5000)]


def test_version_1(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(
        root / "memory/docker/7",
        memory__limit_in_bytes="2000\n",
        memory__usage_in_bytes="900\n",
        memory__stat="total_inactive_file 100\n",
    )
    write(root / "memory", memory__limit_in_bytes="9223372036854771712\n")
    write(root / "cpu/docker/7", cpu__cfs_quota_us="200000\n", cpu__cfs_period_us="100000\n")
    write(root / "cpu", cpu__cfs_quota_us="-1\n", cpu__cfs_period_us="100000\n")
    write(tmp_path, cgroup="4:memory:/docker/7\n1:cpu,cpuacct:/docker/7\n")
    assert cgroups(tmp_path / "cgroup", root) == [Control(limit=2000, used=800), Control(cores=2.0)]


@pytest.mark.parametrize("text", ["", "nonsense", "0::/gone\n", "::\n", "4:memory\n"])
def test_what_cannot_be_read_limits_nothing(tmp_path: Path, text: str) -> None:
    write(tmp_path, cgroup=text)
    assert cgroups(tmp_path / "cgroup", tmp_path / "root") == []
    assert cgroups(tmp_path / "missing", tmp_path) == []


def test_memory_and_cores_are_those_of_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_controls", lambda: [Control(limit=2**20, used=2**18, cores=0.5)])
    assert (resources.total_memory(), resources.free_memory()) == (2**20, 3 * 2**18)
    assert resources.usable_cores() == 1
    assert resources.memory_is_limited()
