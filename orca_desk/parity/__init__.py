"""The gate: does llama.cpp say, with each file that is handed over, what was trained?

A LoRA is trained on a Hugging Face folder and served by llama.cpp from GGUF files that Orca Desk
writes: the adapter beside its base, or a model that holds it, maybe quantised. A wrong scale, a row order or
a tokenizer that differs would change the student's answers without any error. So every file is checked, on
held-out prompts and with both sides in their own process:

1. `served`: llama.cpp answers every prompt greedily from the file, ending where it ends by itself.
2. `reference`: torch reads each prompt with that answer, and notes at every token which one it would have
   chosen and how far the served one is behind.
3. `comparison`: the accounts agree where prompts are equal, tokens are equal or so close that rounding
   decides, logits differ by no more than rounding explains (`limits`), and the adapter acts at its strength.
4. `table`: the result as a `GateTable` with a row per file, free of numpy, so that the host can store it;
   `orca_desk.ui.words.parity` says it in words.

`gate` runs all of this; `accounts` defines what the two sides write. Start reading in `gate`.
"""
