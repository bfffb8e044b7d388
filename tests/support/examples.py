"""How many examples a property is tried with where the usual number costs much."""

from hypothesis import settings


def at_most(count: int) -> settings:
    """Try a property with `count` examples, or with as few as the profile of the run says."""
    return settings(max_examples=min(count, settings().max_examples))
