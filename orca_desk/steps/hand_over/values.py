"""What a row becomes in its file: the columns of its table, or the shape of its format."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from orca_desk.formats.writers.data_row import DataRow
from orca_desk.formats.writers.shapes import BatchOptions, Shape, as_batch_request
from orca_desk.steps.hand_over.request import HandOverRequest


class RowValues:
    """Makes the values of the rows of one export."""

    def __init__(self, request: HandOverRequest) -> None:
        self._is_jsonl = request.container == "jsonl"
        self._beside = not request.plain and request.format != "openai-batch"
        self._shape = _shape(request)

    def of(self, row: DataRow) -> dict[str, Any]:
        """Return a row as its line or its cells: those of a file other than JSON lines are always all."""
        if self._shape is None:
            return _filled(row.facts, row.sparse) if self._is_jsonl else dict(row.facts)
        values = self._shape(row)
        if not self._beside:
            return values
        return values | (_filled(row.beside, row.beside) if self._is_jsonl else dict(row.beside))


def _shape(request: HandOverRequest) -> Shape | None:
    if request.format != "openai-batch":
        return request.data_format.shape
    options = BatchOptions(model=request.asks_model, max_tokens=request.max_tokens)
    return partial(as_batch_request, options=options)


def _filled(values: Mapping[str, Any], optional: Collection[str]) -> dict[str, Any]:
    """Return the values without the `optional` ones that are empty."""
    return {
        name: value for name, value in values.items() if name not in optional or value not in ("", None, [])
    }
