"""Training a LoRA adapter, and writing models and adapters as GGUF files.

`train` is the place to start: it prepares the `data`, opens one of the `engines`, and runs the `loop` over
batches (`packing`) with its schedule and `checkpoints`. An `engine` holds the model, its adapter and the
optimizer, and takes the steps: `torch` or `mlx`. `convert` writes a base, `export` an adapter; the `gguf_*`
modules write names, parameters and tokenizer. What the desktop imports (`settings`, `data`) needs no torch.
"""
