"""How each answer of a chat was sampled, as JSON; NULL for questions, and for answers of older versions."""

SCRIPT = """
ALTER TABLE messages ADD COLUMN sampling TEXT;
"""
