"""Chat: put a question to one or more models side by side.

Start with `conversation.py`, the state of a chat and every way it changes; `events.py` says what it reports,
`sending.py` what one message on its way knows, `session.py` runs the process that answers for one model.
"""
