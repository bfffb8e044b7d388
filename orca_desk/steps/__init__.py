"""The Orca 2 method at work: what the commands call, and the desktop's pages behind their buttons.

One folder per step, in this order: collect (and grow: tasks from nothing), pair, instruct, erase, train,
evaluate, chat. `demo` walks through them; start reading at `demo/walk.py`. Around them: `experiment` trains
students that differ in one thing and compares them, `export` and `hand_over` give models and data to other
programs, `download` gets models, `carry` takes a library to another computer, and `tidy` deletes.

Steps do not import each other. What several share is in single files here: `teaching.py` asks a teacher and
makes records, `recorder.py` records every job as a run.
"""
