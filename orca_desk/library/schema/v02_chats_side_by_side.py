"""Several models in one chat.

A chat with several models has one row per model: `beside` refers to the first of them, which has the title.
Earlier chats have one model. A question can come from a task.
"""

SCRIPT = """
ALTER TABLE chats ADD COLUMN beside INTEGER REFERENCES chats (n) ON DELETE CASCADE;
CREATE INDEX chats_beside ON chats (beside) WHERE beside IS NOT NULL;
ALTER TABLE messages ADD COLUMN task TEXT;
ALTER TABLE messages ADD COLUMN seconds REAL;
"""
