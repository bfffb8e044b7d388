"""Orca Desk: teach a small language model to reason on your own machine, with the Orca 2 method."""

__version__ = "0.1.0"
