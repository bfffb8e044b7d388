"""Stand in for the workers that ask llama.cpp and torch for their devices, and name a card."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from orca_desk.machine.devices import Listed
from orca_desk.machine.stored import Build

RTX = Listed(
    name="cuda:0",
    description="NVIDIA GeForce RTX 3060",
    kind="cuda",
    total=12,
    free=9,
    address="0000:01:00.0",
)
CPU_BUILDS = {
    "llama": Build(version="0.3.36", made_for="CPU"),
    "torch": Build(version="2.13.0", made_for="CPU"),
}


class Programs:
    """Stands for the workers that ask llama.cpp and torch: what they answer, and what they were asked."""

    def __init__(self) -> None:
        self.builds = dict(CPU_BUILDS)
        self.listed: dict[str, list[Listed]] = {"llama": [], "torch": []}
        self.failing: dict[str, Exception] = {}
        self.asked: list[str] = []
        self.busy = 0.0

    def run(
        self, name: str, job: Mapping[str, Any], *, on_events: Callable[[list[Any]], None], control: object
    ) -> bool:
        assert name == "machine"
        ask = job["ask"]
        self.asked.append(ask)
        if ask in self.failing:
            raise self.failing[ask]
        if ask == "speed":
            for device in ("cpu", *job["devices"]):
                speed = {"products": {"float32": 1e11}, "bandwidth": 1e10, "busy": self.busy}
                on_events([{"event": "speed", "device": device} | speed])
        else:
            devices = [asdict(one) for one in self.listed[ask]]
            on_events([{"event": "build", "build": asdict(self.builds[ask]), "devices": devices}])
        return True
