"""Collect: bring tasks into the library, and out of it again.

Files of questions, with or without reference answers, become tasks; duplicates and unreadable rows are
reported. Start with `import_tasks.py`.
"""
