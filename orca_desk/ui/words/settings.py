"""Settings in words."""

# Labels of the fields whose names are not words, or not those that people use
TITLES = {
    "rslora": "rsLoRA scaling",
    "targets": "Adapted layers",
    "clip": "Gradient limit",
    "batch_tokens": "Tokens per batch",
    "accumulation": "Batches per step",
    "max_length": "Longest record",
    "truncation": "Longer records",
    "eval_fraction": "Validation share",
    "eval_every": "Steps per validation",
    "early_stop": "Stop early after",
    "early_stop_margin": "Smallest improvement",
    "keep_best": "Use the best adapter",
    "checkpoint_every": "Steps per checkpoint",
    "dtype": "Number format",
    "threads": "CPU threads",
    "base_bits": "Bits of the base",
    "compile": "Compile for a GPU",
    "engine": "Computed with",
}


def title(name: str) -> str:
    """Return the label of a field: "Learning rate" for learning_rate."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()
