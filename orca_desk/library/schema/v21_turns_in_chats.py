"""The turns before a question in a chat.

The turns before a question of a chat, as of tasks: they are asked as turns, not as one text.
"""

SCRIPT = """
ALTER TABLE messages ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
"""
