"""Training a LoRA adapter with torch, and writing models and adapters as GGUF files.

`train` is the place to start: it prepares the `data`, loads the `model`, and runs the `loop` over batches
(`packing`) with its `schedule`, `loss` and `checkpoints`. `kernels` and `matmul` make a step fast on a CPU.
`convert` writes a base, `export` an adapter; the `gguf_*` modules write names, parameters and tokenizer. The
modules that the desktop imports (`settings`, `data`) need no torch.
"""
