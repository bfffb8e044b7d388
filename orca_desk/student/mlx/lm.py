"""What is used of mlx-lm, imported without its limit on open files.

When imported, mlx-lm limits the process to 4,096 open files for good, and fails where fewer are allowed.
"""

import resource

_set_limit = resource.setrlimit
resource.setrlimit = lambda *_: None
try:
    from mlx_lm.tuner.lora import LoRALinear
    from mlx_lm.utils import get_total_parameters, load_model, maybe_set_recommended_wired_limit
finally:
    resource.setrlimit = _set_limit

__all__ = ["LoRALinear", "get_total_parameters", "load_model", "maybe_set_recommended_wired_limit"]
