"""Experiment: does erasing the prompt help on these tasks? Students that differ in one thing, compared.

Start with `experiment.py`, which trains and evaluates; `plan.py` says what, `results.py` what came of it.
"""
