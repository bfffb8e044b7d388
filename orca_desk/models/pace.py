"""How long training, answering and exporting take on a machine that has not done it yet: roughly.

All three are almost all matrix products, so their number over the speed of this machine's products gives the
time. That speed was measured once, by torch, in each number format and on each device (`machine.stored`). How
near a job comes to it differs. On two idle cores of an AMD EPYC (470 GFLOPS in float32, 900 in bfloat16) a
training with 135 million weights reached 0.4 of it, one of the bundled student, whose products are small,
0.17; llama.cpp reached 0.13 to 0.25 of the float32 speed with the same 135 million, and 0.05 with the bundled
student. Graphics processors have wider shares, as none was measured. A machine that others use at the same
time takes longer.
"""

from dataclasses import dataclass
from functools import cache

from orca_desk.machine.clock import computing_seconds
from orca_desk.machine.devices import CPU, Program
from orca_desk.machine.room import room_for
from orca_desk.machine.stored import Speed, load_found
from orca_desk.models.fits import TrainingChoices
from orca_desk.models.model_file import ModelFile

SIDE, REPEATS = 768, 15  # of the product that is timed where nothing is stored yet: quick enough for a page
LEARNED = 0.5  # of the tokens: the answers, on which alone the head runs
STARTING = 3.0  # s at most, until a model is loaded
CHECKED_TOKENS = 32 * 400  # that the gate has each file read and write, and the trained student read
TORCH_STARTING = 15.0  # s at most, until torch is imported and the student is loaded
HALVES = ("bfloat16", "float16")
# As the trainer chooses: from so many weights on it computes in 16 bits, if they are so much faster.
WORTH_HALVING, WORTHWHILE = 50_000_000, 1.3
Shares = tuple[float, float]  # of the measured speed, the least and the most that a job reaches
FEW_WEIGHTS = 20_000_000  # below, products are too small to be computed at full speed
TRAINING: dict[bool, Shares] = {False: (0.3, 0.85), True: (0.1, 0.5)}  # on a processor; True: few weights
ANSWERING: dict[bool, Shares] = {False: (0.08, 0.5), True: (0.03, 0.3)}
READING: dict[bool, Shares] = {False: (0.15, 0.6), True: (0.05, 0.4)}
# A processor's units for matrices (Intel's AMX) multiply six times as fast in 16 bits as it does in float32,
# but the rest of a training takes as long as before: 135 million weights reached 0.14 to 0.3 of that speed.
# Without such units 3.4 times was measured, of which a training reached the usual share.
HALVES_GAIN = 3.5
# How much faster torch may be than numpy, whose speed counts as long as nothing is stored: twice was measured
# in float32, four times in bfloat16.
BEYOND_QUICK, HALVES_BEYOND_QUICK = 2.0, 4.0
UNMEASURED = 30.0  # times as fast as the processor, at most: a graphics processor that torch cannot measure


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The speed of products in operations per second, and the shares of it that a job reaches."""

    speed: float
    slowest: float
    fastest: float

    def time(self, operations: float) -> "TimeRange":
        """Return the time that so many operations take."""
        return TimeRange(
            low=operations / (self.speed * self.fastest), high=operations / (self.speed * self.slowest)
        )


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """Seconds, at least and at most."""

    low: float
    high: float


def training_time(model: ModelFile, choices: TrainingChoices, tokens: float) -> TimeRange:
    """Estimate the time to train `tokens` tokens.

    With a frozen base, a token costs 4 operations a weight (6 with checkpointing, which computes activations
    twice), and the head 4 a weight for each token that is learned.
    """
    head = model.vocab * model.width
    body = max(0, model.parameters - head)
    each = (6 if choices.gradient_checkpointing == "on" else 4) * body + 4 * head * LEARNED
    return training_pace(model, choices).time(tokens * each)


def answering_time(model: ModelFile, tokens: float) -> TimeRange:
    """Estimate the time in which llama.cpp reads and writes `tokens` tokens in batches, loading included.

    A token costs 2 operations a weight.
    """
    found = answering_pace(model).time(2 * model.parameters * tokens)
    return TimeRange(low=found.low, high=STARTING + found.high)


def export_time(model: ModelFile, *, files: int, asked_tokens: float) -> TimeRange:
    """Estimate an export of a student tuned from `model` whose gate judges `files` files of weights.

    The gate has llama.cpp answer its prompts from each file, and the trained student read each file's answers
    on the processor; `asked_tokens` are those of the held-out tasks that the files answer besides. Writing
    the files is not counted: a disk does that in seconds per gigabyte.
    """
    answering = answering_time(model, files * CHECKED_TOKENS + asked_tokens)
    reading = _on_processor(READING, model).time(2 * model.parameters * files * CHECKED_TOKENS)
    return TimeRange(low=answering.low + reading.low, high=TORCH_STARTING + answering.high + reading.high)


def training_pace(model: ModelFile, choices: TrainingChoices) -> Pace:
    """Return the pace of a training on the device that the user chose, in the format that it would use."""
    speed, on_device = _measured("torch")
    if speed is None:
        may_halve = choices.dtype in HALVES or (choices.dtype == "auto" and model.parameters >= WORTH_HALVING)
        beyond = UNMEASURED if on_device else HALVES_BEYOND_QUICK if may_halve else BEYOND_QUICK
        return _on_processor(TRAINING, model, beyond=beyond)
    single = speed.products.get("float32") or product_speed()
    half = max((speed.products.get(name, 0.0) for name in HALVES), default=0.0)
    if choices.dtype in HALVES:
        chosen = speed.products.get(choices.dtype) or single
    else:
        worth = model.parameters >= WORTH_HALVING and half > WORTHWHILE * single
        chosen = half if choices.dtype == "auto" and worth else single
    if on_device:
        return Pace(speed=chosen, slowest=0.05, fastest=0.9)
    chosen = min(chosen, HALVES_GAIN * single)
    slowest, fastest = TRAINING[model.parameters < FEW_WEIGHTS]
    return Pace(speed=chosen, slowest=slowest, fastest=fastest)


def answering_pace(model: ModelFile) -> Pace:
    """Return the pace of llama.cpp on the device that the user chose."""
    speed, on_device = _measured("llama")
    if on_device and speed is not None:
        return Pace(speed=max(speed.products.values()), slowest=0.01, fastest=0.5)
    return _on_processor(ANSWERING, model, beyond=UNMEASURED if on_device else 1.0)


def product_speed() -> float:
    """Return the speed of float32 products with all cores, in operations per second.

    It is the stored one, or measured here in about 0.1 s, once, where nothing is stored yet.
    """
    return _stored_speed() or _quick_speed()


def _stored_speed() -> float:
    """Return the measured speed of the processor's float32 products; 0 where none is stored."""
    stored = load_found().speeds.get(CPU)
    return stored.products.get("float32", 0.0) if stored else 0.0


def _measured(program: Program) -> tuple[Speed | None, bool]:
    """Return what was measured where `program` runs, and whether that is a device beside the processor."""
    devices = room_for(program).devices
    speed = load_found().speeds.get(devices[0].id if devices else CPU)
    return (speed if speed and speed.products else None), bool(devices)


def _on_processor(shares: dict[bool, Shares], model: ModelFile, *, beyond: float = 1.0) -> Pace:
    """Return a pace by the processor's float32 speed, of which a job may reach `beyond` times its share."""
    slowest, fastest = shares[model.parameters < FEW_WEIGHTS]
    if not _stored_speed():
        beyond = max(beyond, BEYOND_QUICK)
    return Pace(speed=product_speed(), slowest=slowest, fastest=fastest * beyond)


@cache
def _quick_speed() -> float:
    """Measure float32 matrix products with numpy and all cores."""
    import numpy as np  # no window waits for it

    square, best = np.ones((SIDE, SIDE), np.float32), float("inf")
    for _ in range(REPEATS):
        began = computing_seconds()
        np.matmul(square, square)
        best = min(best, computing_seconds() - began)
    return 2 * SIDE**3 / max(best, 1e-9)
