"""Train: teach the student with a LoRA run on a snapshot, then check the adapter.

A worker trains (`student/train.py`); the host stores its steps, exports the adapter to GGUF and compares what
llama.cpp serves with what was trained. Start with `training.py`.
"""
