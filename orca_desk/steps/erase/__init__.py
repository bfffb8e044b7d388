"""Erase: take the strategy's instruction out of the records, and review what is left.

The erasure itself is pure: `method/erasure.py`. The library freezes erased records as a snapshot. Start with
`review.py`; `inspect.py` shows the tokens and the loss mask that the student will train on.
"""
