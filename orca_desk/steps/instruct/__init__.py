"""Instruct: have the teacher answer each task under its family's strategy.

Every answer is graded, checked for leaks and stored with its provenance. Start with `generate.py`, which
calls `../teaching.py`; `preview.py` tries five answers first, `regenerate.py` asks again about one record.
"""
