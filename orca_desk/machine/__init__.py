"""What this computer offers: cores, memory, devices and their speed, and which device the user chose."""

from orca_desk.machine.resources import free_memory, total_memory, usable_cores

__all__ = ["free_memory", "total_memory", "usable_cores"]
