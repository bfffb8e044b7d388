"""Chooses the next token with llama.cpp's own samplers, one chain per request."""

from types import ModuleType
from typing import Any

from orca_desk.method.records import Sampling

RANDOM_SEED = 0xFFFFFFFF  # to llama.cpp it means "any seed"


def make_chain(lib: ModuleType, sampling: Sampling) -> Any | None:
    """Return a sampler chain, which the caller frees, or None for greedy.

    The order is llama.cpp's: top-k, top-p, min-p, temperature, then a draw with the request's own seed.
    Filters at their neutral value are omitted.
    """
    if sampling.temperature <= 0:
        return None
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if sampling.top_k > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_min_p(sampling.min_p, 1))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(sampling.temperature))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(sampling.seed % RANDOM_SEED))
    return chain
