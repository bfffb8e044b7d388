"""From a conversation to token ids: the one way, for teaching, training, evaluating and chatting alike.

Start with `renderer`: it turns messages into ids, with a mask of what a student is trained on. `template`
learns what a chat template writes between the texts, `tokenizer` defines what the renderer needs, and `hf` is
the tokenizer of a Hugging Face folder (a GGUF file's is in `orca_desk.teacher.llama`).
"""
