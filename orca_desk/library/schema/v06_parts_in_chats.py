"""The role of a chat's model.

`part` is a chat model's role when the chat began: student, base or teacher; '' in chats of older versions.
"""

SCRIPT = """
ALTER TABLE chats ADD COLUMN part TEXT NOT NULL DEFAULT '';
"""
