"""Generating: many answers at once from a GGUF model, by continuous batching over llama.cpp.

`engine` is the place to start. It runs one or more `replicas` of a `context`; in each, a `scheduler` decodes
the `requests` together, sharing the `prefixes` that they have in common. `llama` loads model and tokenizer,
`native` the library; `sampling` chooses tokens, `stream` turns them into text. `quantise` shrinks a model.
"""
