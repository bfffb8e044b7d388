"""The `math` worker: says of pairs of expressions whether they are equal, by math-verify and sympy.

An expression can keep sympy busy for ever or fill the memory ("9^{9^{9^9}}"), so this process may be killed
at any time: the host waits for each answer only so long (`orca_desk.processes.mathematics`).
"""

import logging
import sys
from typing import Any

from orca_desk.workers.runtime import Channel, serve

_DEPTH = 2_000  # nested calls; more nesting than any answer has, and less than the C stack holds


def main() -> None:
    """Serve the comparisons that the host asks for."""
    serve(compare_all)


def compare_all(channel: Channel) -> None:
    """Compare {"answer", "expected"} of each request; emit `ready` once, then an `outcome` for each."""
    from latex2sympy2_extended.latex2sympy2 import latex2sympy
    from math_verify.grader import verify

    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(_DEPTH)
    _same(
        latex2sympy, verify, "x^2", r"\frac{1}{2}"
    )  # builds the parser's tables now and not in the first comparison
    _limit_memory(int(channel.job["memory_bytes"]))
    channel.emit({"event": "ready"})
    for request in channel.requests(ahead=1):
        outcome = _compare(latex2sympy, verify, request["answer"], request["expected"])
        channel.emit({"event": "outcome", "outcome": outcome})


def _compare(latex2sympy: Any, verify: Any, answer: str, expected: str) -> str:
    """Return "same", "different", "unreadable" or "unfinished" (out of memory)."""
    try:
        return "same" if _same(latex2sympy, verify, answer, expected) else "different"
    except MemoryError:
        return "unfinished"
    except Exception:  # the parser and sympy raise many kinds for what they cannot read
        return "unreadable"


def _same(latex2sympy: Any, verify: Any, answer: str, expected: str) -> bool:
    """Return whether two expressions are equal. Raises whatever the parser does for what it cannot read."""
    from latex2sympy2_extended.latex2sympy2 import ConversionConfig
    from latex2sympy2_extended.math_normalization import NormalizationConfig

    cleaning = NormalizationConfig(
        basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none"
    )
    reading = ConversionConfig(lowercase_symbols=False)
    ours, theirs = (
        latex2sympy(text, normalization_config=cleaning, conversion_config=reading)
        for text in (answer, expected)
    )
    return bool(
        verify(theirs, ours, allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=False)
    )


def _limit_memory(limit: int) -> None:
    """Limit this process's memory where the platform can; elsewhere only the host's time limit holds."""
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except ValueError:  # macOS does not limit the address space
        return
