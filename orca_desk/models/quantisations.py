"""llama.cpp's quantisations that are worth offering, and how large they make a model."""

# How many weights of a row each type packs together, and the bits per weight of such rows and of all others,
# which llama.cpp stores as a wider type. The mixtures are counted as a bit more than they take.
_PACKED = {
    "f16": (1, 16.0, 16.0),
    "bf16": (1, 16.0, 16.0),
    "q8_0": (32, 8.5, 16.0),
    "q6_k": (256, 6.5625, 8.5),
    "q5_k_m": (256, 6.0, 7.0),
    "q4_k_m": (256, 5.2, 6.5),
}
QUANTISED = ("q8_0", "q6_k", "q5_k_m", "q4_k_m")  # from the largest to the smallest
UNQUANTISED = frozenset({"F32", "F16", "BF16"})  # what llama.cpp quantises


def bits_per_weight(kind: str, row: int) -> float:
    """Return about how many bits a weight of a matrix takes as `kind`, with rows of `row` weights."""
    block, bits, wider = _PACKED[kind]
    return bits if row % block == 0 else wider


def quantised_size(parameters: int, kind: str, row: int = 0) -> int:
    """Return about how many bytes a model of `parameters` weights takes as `kind`.

    `row` is the length of its matrices' rows; 0: such that they fit the type.
    """
    return int(parameters * bits_per_weight(kind, row) / 8)
