"""Grow: tasks from nothing.

Generators with verifiers (`procedural.py`), documents that the teacher asks questions about (`documents.py`),
and tasks that it varies (`like.py`), give proposals. Nothing enters the library before a person accepts it
(`review.py`).
"""
