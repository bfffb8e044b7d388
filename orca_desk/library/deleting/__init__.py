"""Deleting: which rows a thing is made of, the trash, and what goes for good."""
