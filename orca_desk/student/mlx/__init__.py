"""Training with MLX: mlx-lm's models and LoRA layers, with the data, loss and loop that torch has too."""
