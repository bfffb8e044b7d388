"""The models on this machine: where they are, whether they fit, and what has used them.

`catalogue` lists everything that the user can choose; `find` knows other tools' folders, `bundled` the mini
models that come with Orca Desk. `usage` adds what this library knows of each. `student_files` provides the
GGUF file that serves a student, and `convert` makes it. `serving` says what to know before a model answers.
"""
