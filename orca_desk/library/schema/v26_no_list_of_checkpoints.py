"""No list of checkpoints: a training resumes from its folder, which alone says what is there."""

SCRIPT = """
DELETE FROM trash_rows WHERE source = 'checkpoints';
DROP TABLE checkpoints;
"""
