"""Chat: put a question to one or more models side by side.

Start with `conversation.py`; `session.py` is the process that answers for one model.
"""
