"""Pair: find the strategy that serves each family of tasks best.

The teacher answers a few training tasks of each family under every strategy; `method/pairing.py` chooses by
the graded answers. Start with `probe.py`. `choice.py` pairs a family by hand instead, and `matrix.py` gathers
what was measured.
"""
