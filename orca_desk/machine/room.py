"""Where a job's model goes, as the host sees it before a worker starts: the device, and its free memory.

The worker decides by its own list (`choice.wanted_devices`); this is what estimates go by.
"""

import threading
import time
from dataclasses import dataclass, replace

from orca_desk.errors import UserError
from orca_desk.machine.choice import chosen_device
from orca_desk.machine.devices import AUTO, Device, Program, same_devices
from orca_desk.machine.native import Native, native_devices
from orca_desk.machine.resources import free_memory
from orca_desk.machine.stored import stored_devices

HOLDS = 3.0  # s that what the driver said counts as current: pages estimate with every keystroke
PATIENCE = 0.04  # s
_latest: tuple[float, Native] = 0.0, Native()
_asking: threading.Thread | None = None
_one_begins = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Room:
    """The devices that a model goes to (none: the computer's memory), and the bytes that are free there."""

    devices: tuple[Device, ...] = ()
    free: int

    @property
    def is_shared(self) -> bool:
        """Whether the devices' memory is the computer's own."""
        return all(one.shared for one in self.devices)

    @property
    def title(self) -> str:
        """The devices' names for people; "" for the computer's memory."""
        return " and ".join(one.name for one in self.devices)


def room_for(program: Program) -> Room:
    """Return where `program` would put a model now, by the user's choice.

    Automatically llama.cpp divides one over the cards of one kind, and torch takes the card with most free
    memory. A choice that cannot be used leaves the computer's memory here; the job says what is wrong.
    """
    try:
        chosen = chosen_device()
    except UserError:
        chosen = AUTO
    usable = [one for one in current_devices() if one.called(program) and chosen in (AUTO, one.id)]
    if chosen == AUTO and usable:
        usable = _automatic(usable, program)
    if not usable:
        return Room(free=free_memory())
    return Room(devices=tuple(usable), free=sum(one.free for one in usable))


def current_devices() -> tuple[Device, ...]:
    """Return the devices that are known, with the memory that is free now."""
    native = _recent()
    found = stored_devices() or same_devices(native.devices, None, None)
    return with_free_memory(found, native)


def with_free_memory(devices: tuple[Device, ...], native: Native) -> tuple[Device, ...]:
    """Return `devices` with what the driver says is free; shared memory is as free as the computer's."""
    now = {one.address or one.description: one.free for one in native.devices if one.total}

    def current(one: Device) -> Device:
        free = now.get(one.address or one.name, one.free)
        return replace(one, free=min(one.total or free_memory(), free_memory()) if one.shared else free)

    return tuple(current(one) for one in devices)


def _automatic(usable: list[Device], program: Program) -> list[Device]:
    if program == "torch":
        return [max(usable, key=lambda one: one.free)]
    own = [one for one in usable if not one.shared] or usable
    return [one for one in own if one.kind == own[0].kind]


def _recent() -> Native:
    """Return what the driver said lately. A page must not wait for a card that sleeps: a thread asks it."""
    global _asking
    begun = None
    with _one_begins:  # pages estimate in several threads at once
        if _asking is None or (not _asking.is_alive() and time.monotonic() - _latest[0] > HOLDS):
            begun = _asking = threading.Thread(target=_ask, name="devices", daemon=True)
            begun.start()
    if begun is not None:
        begun.join(PATIENCE)
    return _latest[1]


def _ask() -> None:
    global _latest
    found = native_devices()
    _latest = time.monotonic(), found
