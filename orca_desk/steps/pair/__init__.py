"""Pair: find the strategy that serves each family of tasks best.

Strategies compete: the teacher answers training tasks of each family under them, and `method/pairing.py`
chooses by the graded answers. Start with `tournament.py`. `recorded.py` chooses from a file of outcomes
alone, `choice.py` pairs a family by hand instead, and `matrix.py` gathers what was measured.
"""
