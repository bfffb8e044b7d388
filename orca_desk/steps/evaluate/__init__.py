"""Evaluate: have models answer held-out tasks, grade the answers, and compare the models.

Start with `evaluation.py`; `comparison.py` puts several evaluations side by side, with intervals.
"""
