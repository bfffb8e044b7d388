"""Names by which models can be told apart: those of their files, with folders where that does not suffice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from orca_desk.models.model_file import ModelFile, NotAModel


def with_distinct_names(found: Iterable[ModelFile | NotAModel]) -> list[ModelFile | NotAModel]:
    """Return the models with names that no two of them share.

    A name that several have becomes the file's name with its ending, then one folder more at a time.
    """
    models = list(found)
    longest = max((len(one.path.parts) for one in models), default=0)
    for depth in range(1, longest + 1):
        counts = Counter(one.name for one in models if isinstance(one, ModelFile))
        if all(count == 1 for count in counts.values()):
            break
        models = [
            replace(one, name="/".join(one.path.parts[-depth:]))
            if isinstance(one, ModelFile) and counts[one.name] > 1
            else one
            for one in models
        ]
    return models
