"""What rounding explains, by the type of a file's weights: the gate's limits.

Measured by `python -m benchmarks.gate` over random models of ten families with random adapters, in float32 by
torch and with llama.cpp's 16-bit cache. The largest differences, as shares of the logits' spread:

    type      F16     BF16    Q8_0    Q6_K    Q5_K_M  Q4_K_M
    largest   0.086   0.41    0.83    2.5     2.2     2.7
    typical   0.012   0.062   0.16    0.47    0.55    0.70

Families that bend or scale their logits (granite, gemma2) have twice the others' differences, the bundled
real student half of them or less. Logits that have nothing to do with each other differ typically by 1.4,
and those of a model with one fault in its weights by 0.4 to 0.8. That is why the weights are compared too: in
them rounding takes 0.0017 of the values' size (BF16), 0.0065 (8 bits), 0.018 (6), 0.053 (5) or 0.072 (4), and
rows in another order 1.4, in every format. The limits on logits are for what weights do not show: the keys.
"""

from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import read_header
from orca_desk.parity.table import GateLimits

FLOATS = ("F32", "F16", "BF16")  # from the finest to the coarsest

LIMITS = {
    "F32": GateLimits(kind="F32", largest=0.05, typical=0.01, tie=0.05, unequal=0.0),
    "F16": GateLimits(kind="F16", largest=0.1, typical=0.02, tie=0.1, unequal=0.0),
    "BF16": GateLimits(kind="BF16", largest=0.6, typical=0.1, tie=0.3, unequal=0.005),
    "8 bits": GateLimits(kind="8 bits", largest=None, typical=0.25, tie=0.5, unequal=0.02),
    "6 bits": GateLimits(kind="6 bits", largest=None, typical=0.7, tie=0.6, unequal=0.05),
    "5 bits": GateLimits(kind="5 bits", largest=None, typical=0.8, tie=0.8, unequal=0.1),
    "4 bits": GateLimits(kind="4 bits", largest=None, typical=1.0, tie=1.0, unequal=0.2),
}


def limits_for(gguf: Path) -> GateLimits:
    """Return the limits for a file, by the coarsest type among its tensors.

    Raises UserError for a file whose header cannot be read, and for weights of less than 4 bits.
    """
    kinds = set(read_header(gguf).elements)
    if kinds <= set(FLOATS):
        return LIMITS[max(kinds, key=FLOATS.index)]
    bits = min(_bits(kind) for kind in kinds - set(FLOATS))
    if bits < 4:
        raise UserError(
            f"{gguf.name} has weights of {bits} bits: it is not known what rounding to so few explains.",
            "Use a file of at least 4 bits.",
        )
    return LIMITS[f"{min(bits, 8)} bits"]


def _bits(kind: str) -> int:
    """Return the bits of a quantised type by its name: Q4_K and IQ4_NL have 4."""
    digits = "".join(letter for letter in kind.split("_")[0] if letter.isdigit())
    return {"7": 6}.get(digits, int(digits or 0)) if digits else 0


# The root mean square of what rounding takes from a tensor's values, as a share of their size
ROUNDING = {"F32": 1e-5, "F16": 1e-3, "BF16": 5e-3, 8: 0.012, 6: 0.04, 5: 0.08, 4: 0.16}


def rounding_limit(kind: str) -> float:
    """Return what rounding explains of the values of a tensor of the type `kind`."""
    return ROUNDING[kind] if kind in FLOATS else ROUNDING[min(_bits(kind), 8)]


def is_quantised(gguf: Path) -> bool:
    """Return whether a file has quantised weights. Raises UserError for a header that cannot be read."""
    return not set(read_header(gguf).elements) <= set(FLOATS)
