"""The formats of an export, and which of them are GGUF files of the merged model."""

from enum import StrEnum

from orca_desk.models import quantisations


class Format(StrEnum):
    """What an export can write; the value is its name on the command line."""

    F16 = "f16"
    BF16 = "bf16"
    Q8_0 = "q8_0"
    Q6_K = "q6_k"
    Q5_K_M = "q5_k_m"
    Q4_K_M = "q4_k_m"
    SAFETENSORS = "safetensors"  # a folder: the merged model for transformers and what builds on it
    ADAPTER = "adapter"  # a folder: the PEFT adapter
    ADAPTER_GGUF = "adapter-gguf"  # beside an unquantised GGUF file of the base
    OLLAMA = "ollama"  # a folder with a Modelfile
    LM_STUDIO = "lm-studio"  # publisher/model/file.gguf


MERGED = (Format.F16, Format.BF16, Format.Q8_0, Format.Q6_K, Format.Q5_K_M, Format.Q4_K_M)  # by size
QUANTISED = tuple(map(Format, quantisations.QUANTISED))
WEIGHED = (Format.Q6_K, Format.Q5_K_M, Format.Q4_K_M)  # rounded by an importance matrix; Q8_0 needs none
APPLICATIONS = (Format.OLLAMA, Format.LM_STUDIO)  # folders around one of the merged files
ADAPTERS = (Format.ADAPTER, Format.ADAPTER_GGUF)
DEFAULT_PACKED = Format.Q8_0  # what applications get where no merged file is chosen


def label_of(kind: Format) -> str:
    """Return the name of a merged file's type as files and tables have it: Q4_K_M."""
    return kind.value.upper()
