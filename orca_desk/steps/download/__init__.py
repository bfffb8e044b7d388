"""Download: a model from a hub, when the user asks for it."""
