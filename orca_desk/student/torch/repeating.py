"""Whether a device computes the same gradient twice, and kernels that make it so where it does not."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Repeatability:
    """Whether a gradient came twice bit for bit, and how far both were apart, as a share of its norm."""

    is_exact: bool
    difference: float


def make_repeatable(gradient: Callable[[], Tensor]) -> Repeatability:
    """Measure whether `gradient` returns the same twice; if not, have torch use deterministic kernels.

    They stay in use only if they help. The result says how the process is left.
    """
    found = _measure(gradient)
    if found.is_exact:
        return found
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    slower = _measure(gradient)
    if slower.is_exact:
        log.info("deterministic kernels are in use")
        return slower
    torch.use_deterministic_algorithms(False)
    return found


def _measure(gradient: Callable[[], Tensor]) -> Repeatability:
    first, second = gradient(), gradient()
    if torch.equal(first, second):
        return Repeatability(is_exact=True, difference=0.0)
    difference = float((first - second).norm() / first.norm())
    return Repeatability(is_exact=False, difference=difference)
