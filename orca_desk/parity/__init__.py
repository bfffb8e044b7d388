"""Parity: does llama.cpp serve what torch trained?

A LoRA is trained by torch on a Hugging Face folder and served by llama.cpp from GGUF files that Orca Desk
writes. A wrong scale, a row order or a tokenizer that differs would change the student's answers without any
error. So each finished training is checked, on held-out prompts and with both sides in their own process:

1. `served`: llama.cpp answers every prompt greedily, without and with the adapter.
2. `reference`: torch reads each prompt with that answer, and notes at every token which one it would have
   chosen and how far the served one is behind.
3. `comparison`: the two accounts agree where the tokens are equal, or so close that rounding decides, and
   where the logits differ by no more than rounding explains.
4. `report`: the result as a `ParityFinding` with its figures, free of numpy, so that the host can store it;
   `orca_desk.ui.words.parity` says it in words.

`check` runs all of this; `accounts` defines what the two workers write. Start reading in `check`.
"""
