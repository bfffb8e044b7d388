"""Settings in words."""


def title(name: str) -> str:
    """Return the label of a field: "Learning rate" for learning_rate."""
    return name.replace("_", " ").capitalize()
