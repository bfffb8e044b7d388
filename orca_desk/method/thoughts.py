"""Thoughts: what a reasoning model writes before its answer, between two tags."""

TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|channel>", "<channel|>"),
)


def split_thoughts(text: str) -> tuple[str, str]:
    """Return the thoughts at the beginning of `text` and what follows; ("", text) if there are none.

    Thoughts that never end are followed by nothing.
    """
    stripped = text.lstrip()
    for start, end in TAGS:
        if stripped.startswith(start):
            thoughts, _, rest = stripped.removeprefix(start).partition(end)
            return thoughts.strip(), rest.lstrip()
    return "", text
