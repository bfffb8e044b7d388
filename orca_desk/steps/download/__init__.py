"""Download: a model from a hub, when the user goes online for it."""
