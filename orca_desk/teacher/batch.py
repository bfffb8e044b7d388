"""How many answers at once a device writes fastest: measured once for each model and device, then stored."""

import json
import time
from contextlib import suppress
from pathlib import Path

from orca_desk.files import atomic_write
from orca_desk.paths import user_settings
from orca_desk.teacher.context import Context
from orca_desk.teacher.native import MemoryRanOutError

CANDIDATES = (8, 16, 32, 64, 128)  # answers at once
CELLS_EACH = 256  # at least, for an answer to be worth a place in the batch
NEARLY = 0.95  # of the highest speed: with fewer answers at once each of them ends sooner
SECONDS_EACH = 0.25  # of measuring, for each number
STEPS = 3  # at least, of which the first only warms up
FILE, MOST_STORED = "batches.json", 200


def measure_batch(context: Context, most: int) -> dict[int, float]:
    """Return tokens per second by the number of answers at once, up to `most`, on an empty context.

    Numbers for which memory runs out are left out.
    """
    speeds = {}
    for count in [one for one in CANDIDATES if one <= most] or [most]:
        try:
            speeds[count] = _speed(context, count)
        except MemoryRanOutError:
            break
        finally:
            for sequence in range(count):
                context.drop_sequence(sequence)
    return speeds


def choose_batch(speeds: dict[int, float]) -> int:
    """Return the smallest number of answers that is nearly as fast as the fastest."""
    enough = NEARLY * max(speeds.values())
    return min(count for count, speed in speeds.items() if speed >= enough)


def _speed(context: Context, count: int) -> float:
    """Write one token after another of `count` answers; return how many tokens that makes per second."""
    sequences, ones = list(range(count)), [1] * count
    began, steps, position = 0.0, 0, 0
    while position < STEPS or time.perf_counter() - began < SECONDS_EACH:
        if not context.decode(ones, [position] * count, sequences, ones):
            break
        context.logits(count)[0, 0]  # waits for the device
        if position == 0:
            began = time.perf_counter()
        else:
            steps += 1
        position += 1
    return count * steps / max(1e-9, time.perf_counter() - began)


def stored_batch(key: str) -> int | None:
    """Return what was measured under `key` before."""
    found = _stored().get(key)
    return found if isinstance(found, int) and 0 < found <= CANDIDATES[-1] else None


def store_batch(key: str, count: int) -> None:
    """Store it; where the disk refuses it, the next engine measures again."""
    stored = {name: value for name, value in _stored().items() if name != key} | {key: count}
    kept = dict(list(stored.items())[-MOST_STORED:])
    with suppress(OSError):
        atomic_write(_path(), json.dumps(kept, indent=1) + "\n")


def _stored() -> dict[str, object]:
    with suppress(OSError, ValueError):
        found = json.loads(_path().read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def _path() -> Path:
    return user_settings() / FILE
