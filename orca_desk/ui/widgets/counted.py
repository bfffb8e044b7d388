"""A number with the word for what is counted."""


def counted(count: int, word: str) -> str:
    """Return such as "1 task" or "1,200 tasks"; `word` is for one."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
