"""Demo: the whole method in one walk, on the bundled models.

Start with `walk.py`, the table of contents of the method. `self_test.py` tries everything once, on a smaller
scale.
"""
