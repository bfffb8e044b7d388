"""Numbers with their nouns."""


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun: "1 task", "2,194 tasks". `plural` defaults to the singular plus "s"."""
    return f"{count:,} {singular if count == 1 else plural or f'{singular}s'}"
