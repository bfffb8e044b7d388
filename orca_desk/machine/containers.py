"""The limits that Linux sets a group of processes, such as a container: its memory and its share of cores.

There are two versions of these control groups, and both may be mounted. A limit of a group holds for all
groups in it, so all of them up to the root are read. In a container the root that is seen is its own group.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

UNLIMITED = 2**60  # bytes: version 1 writes a number of this size for "no limit"


@dataclass(frozen=True, kw_only=True)
class Control:
    """A group's limits; 0 where there is none. `used` is without files that the system can drop at once."""

    limit: int = 0  # bytes
    used: int = 0  # bytes
    cores: float = 0.0


def cgroups(of_process: Path, root: Path) -> list[Control]:
    """Return the groups with a limit that a process is in; none where the system has no such groups.

    `of_process` is its file `cgroup` in /proc, `root` the folder where the groups are mounted.
    """
    found = []
    with suppress(OSError):
        for line in of_process.read_text().splitlines():
            _, _, rest = line.partition(":")
            names, _, place = rest.partition(":")
            found += [one for one in _limits(root, names.split(","), place) if one.limit or one.cores]
    return found


def _limits(root: Path, names: list[str], place: str) -> Iterator[Control]:
    if names == [""]:
        for folder in _up_to_root(root, place):
            yield Control(
                limit=_limit(folder / "memory.max"),
                used=_used(folder, "memory.current", "inactive_file"),
                cores=_share(_words(folder / "cpu.max")),
            )
    elif "memory" in names:
        for folder in _up_to_root(root / "memory", place):
            yield Control(
                limit=_limit(folder / "memory.limit_in_bytes"),
                used=_used(folder, "memory.usage_in_bytes", "total_inactive_file"),
            )
    elif "cpu" in names:
        for folder in _up_to_root(root / "cpu", place):
            quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
            yield Control(cores=_share(quota + period))


def _up_to_root(root: Path, place: str) -> Iterator[Path]:
    """Yield the folders of a group and of those around it, the root last."""
    parts = [part for part in PurePosixPath(place).parts if part not in ("/", "..")]
    for length in range(len(parts), -1, -1):
        yield root.joinpath(*parts[:length])


def _words(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text().split()
    return []


def _limit(path: Path) -> int:
    """Return a limit in bytes, 0 for none ("max", or a number as large as memory never is)."""
    words = _words(path)
    limit = int(words[0]) if words and words[0].isdigit() else 0
    return limit if limit < UNLIMITED else 0


def _used(folder: Path, name: str, dropped: str) -> int:
    words = _words(folder / name)
    used = int(words[0]) if words and words[0].isdigit() else 0
    pairs = _words(folder / "memory.stat")
    cached = next((pairs[i + 1] for i in range(0, len(pairs) - 1, 2) if pairs[i] == dropped), "0")
    return max(0, used - (int(cached) if cached.isdigit() else 0))


def _share(words: list[str]) -> float:
    """Return cores from a quota and its period in microseconds; 0 for none."""
    if len(words) == 2 and all(word.isdigit() for word in words) and int(words[1]):
        return int(words[0]) / int(words[1])
    return 0.0
