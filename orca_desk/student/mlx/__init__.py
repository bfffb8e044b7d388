"""Training with MLX: mlx-lm's models and LoRA layers, with the data, loss and loop that torch has too."""

import resource

# When imported, mlx-lm limits this process to 4,096 open files for good, and fails where fewer are allowed.
_set_limit = resource.setrlimit
resource.setrlimit = lambda *_: None
try:
    import mlx_lm.utils  # noqa: F401
finally:
    resource.setrlimit = _set_limit
