"""llama.cpp's quantisations that are worth offering, and how large they make a model."""

# Bits per weight of each kind's matrices; where a row is no multiple of 256, llama.cpp takes the wider type.
BITS = {
    "f16": (16.0, 16.0),
    "bf16": (16.0, 16.0),
    "q8_0": (8.5, 16.0),
    "q6_k": (6.5625, 8.5),
    "q5_k_m": (6.0, 7.0),
    "q4_k_m": (5.2, 6.5),
}
QUANTISED = ("q8_0", "q6_k", "q5_k_m", "q4_k_m")  # from the largest to the smallest
UNQUANTISED = frozenset({"F32", "F16", "BF16"})  # what llama.cpp quantises


def quantised_size(parameters: int, kind: str) -> int:
    """Return about how many bytes a model of `parameters` weights takes as `kind`."""
    return int(parameters * BITS[kind][0] / 8)
