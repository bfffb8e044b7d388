"""The Orca 2 method at work: what the commands call, and the desktop's pages behind their buttons.

One folder per step, in this order: collect, pair, instruct, erase, train, evaluate, chat. `demo` walks
through them; start reading at `demo/walk.py`. The steps do not import each other. What pair and instruct
share is in `teaching.py`; every job records itself as a run through `recorder.py`.
"""
