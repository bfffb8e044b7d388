"""The model's own arithmetic in fewer passes over memory, on which LoRA's speed on a CPU depends.

PEFT multiplies by two thin matrices beside each layer and adds the products in separate passes. Here the
matrix products do the sums, values that are cheap to compute again are not stored, and the gradients of norm,
rotation and gating are written out, as Unsloth does on GPUs. Training checks that the result equals the
model's own (`loss.require_own_logits`).
"""

from collections.abc import Sequence
from itertools import chain
from types import MethodType
from typing import Any, NamedTuple

import torch
from peft import PeftModel
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor, nn

from orca_desk.student.accelerator.attention import RowLayout, attend
from orca_desk.student.accelerator.four_bits import FourBitLinear, PackedWeight
from orca_desk.student.torch.matmul import matmul
from orca_desk.student.torch.row_attention import RowAttention

ATTENTION = {"LlamaAttention", "Qwen2Attention", "MistralAttention", "GraniteAttention"}
GATED = {"LlamaMLP", "Qwen2MLP", "Qwen3MLP", "MistralMLP", "SmolLM3MLP", "GraniteMLP", "Olmo2MLP"}
NORMS = {
    f"{family}RMSNorm" for family in ("Llama", "Qwen2", "Qwen3", "Mistral", "Phi3", "SmolLM3", "Granite")
}


def replace_forwards(model: PeftModel) -> None:
    """Replace the forward pass of the layers of `model` that this module knows by a faster one, in place.

    Other layers keep theirs, as do layers whose adapter has dropout.
    """
    for module in model.get_base_model().modules():
        kind = type(module).__name__
        if kind in NORMS:
            module.forward = MethodType(_norm_forward, module)
        elif kind in GATED and is_known_gate(module):
            module.forward = MethodType(_gated_forward, module)
        elif kind in ATTENTION and _is_known_attention(module):
            module.forward = MethodType(_attention_forward, module)


class AdaptedLayer(NamedTuple):
    """A linear layer: frozen weight [out, in] and bias [out], and the A, B and scale of its adapter."""

    weight: Tensor | PackedWeight
    bias: Tensor | None
    a: Tensor | None
    b: Tensor | None
    scale: float


class _Linears(torch.autograd.Function):  # type: ignore[misc]
    """Linear layers with and without adapters, all applied to the same states.

    Output i is x (W_i + scale_i B_i A_i)' + bias_i. Only x and the adapters have gradients. The A_i, stacked,
    are one product with x, which is thin enough to be stored.
    """

    @staticmethod
    def forward(context: Any, x: Tensor, layers: tuple[AdaptedLayer, ...], *_: Tensor) -> tuple[Tensor, ...]:
        """x [n, in] -> one [n, out_i] per layer; `_` names the adapters' matrices to autograd."""
        adapted = [layer for layer in layers if layer.a is not None]
        downs = torch.cat([layer.a for layer in adapted]).to(x.dtype) if adapted else None
        ups = [(layer.b * layer.scale).to(x.dtype) for layer in adapted if layer.b is not None]
        inner = None if downs is None else matmul(x, downs)
        context.layers = layers
        context.save_for_backward(x, inner, downs, *ups)
        thin = iter(zip(_split(inner, adapted), ups, strict=True))
        return tuple(_output(x, layer, *(next(thin) if layer.a is not None else ())) for layer in layers)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and, in float32, of each A and B."""
        x, inner, downs, *ups = context.saved_tensors
        adapted = [layer for layer in context.layers if layer.a is not None]
        dx: Tensor | None = None
        if context.needs_input_grad[0]:
            for layer, gradient in zip(context.layers, gradients, strict=True):
                dx = matmul(gradient, _weight(layer).t(), add=dx)
        if not adapted:
            return dx, None
        own = [g for layer, g in zip(context.layers, gradients, strict=True) if layer.a is not None]
        dinner = torch.cat([matmul(gradient, up.t()) for gradient, up in zip(own, ups, strict=True)], 1)
        if dx is not None and not _is_merged(adapted[0]):
            dx = matmul(dinner, downs.t(), add=dx)
        # The thin side comes first: oneDNN is many times slower the other way round.
        ddowns = _split(matmul(dinner.t(), x.t()).float(), adapted, 0)
        dups = (
            matmul(part.t(), gradient.t()).t().float() * layer.scale
            for layer, part, gradient in zip(adapted, _split(inner, adapted), own, strict=True)
        )
        return (dx, None, *chain.from_iterable(zip(ddowns, dups, strict=True)))


def _split(stacked: Tensor | None, adapted: Sequence[AdaptedLayer], dim: int = 1) -> tuple[Tensor, ...]:
    """Split what the adapters' ranks are stacked in into the part of each."""
    ranks = [len(layer.a) for layer in adapted if layer.a is not None]
    return () if stacked is None else stacked.split(ranks, dim)


def _output(x: Tensor, layer: AdaptedLayer, inner: Tensor | None = None, up: Tensor | None = None) -> Tensor:
    y = matmul(x, _weight(layer))
    if inner is not None and up is not None and not _is_merged(layer):
        y = matmul(inner, up, add=y)
    return y if layer.bias is None else y.add_(layer.bias)


def _weight(layer: AdaptedLayer) -> Tensor:
    """Return the weight, with the adapter added to it where its number format can hold the sum."""
    if isinstance(layer.weight, PackedWeight):
        return layer.weight.unpack()
    if layer.a is not None and layer.b is not None and _is_merged(layer):
        return torch.addmm(layer.weight, layer.b, layer.a, alpha=layer.scale)
    return layer.weight


def _is_merged(layer: AdaptedLayer) -> bool:
    """Whether the adapter is added to the weight: one product instead of three, but only float32 sums are
    exact enough; in bfloat16 small changes would be rounded away."""
    return isinstance(layer.weight, Tensor) and layer.weight.dtype == torch.float32


class _Norm(torch.autograd.Function):  # type: ignore[misc]
    """RMS norm (1910.07467) with a frozen weight, computed in float32."""

    @staticmethod
    def forward(context: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        """x [..., width], weight [width] -> [..., width] in the dtype of x."""
        wide = x.float()
        length = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        inverse = length.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        context.save_for_backward(x, weight, inverse)
        return (wide * inverse).to(x.dtype).mul_(weight)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """dx = r g w - x r^3 mean(g w x), where r is the inverse root mean square."""
        x, weight, inverse = context.saved_tensors
        wide = x.float()
        dx = gradient.float() * weight.float()
        along = torch.linalg.vecdot(dx, wide).unsqueeze_(-1)
        along.mul_(inverse.pow(3)).div_(-x.shape[-1])
        return dx.mul_(inverse).addcmul_(wide, along).to(x.dtype), None, None


class _Gate(torch.autograd.Function):  # type: ignore[misc]
    """silu(gate) * up (SwiGLU, arXiv 2002.05202), storing only its two inputs."""

    @staticmethod
    def forward(context: Any, gate: Tensor, up: Tensor) -> Tensor:
        """gate, up -> the same shape."""
        context.save_for_backward(gate, up)
        return nn.functional.silu(gate).mul_(up)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients of gate and up."""
        gate, up = context.saved_tensors
        dgate = torch.ops.aten.silu_backward(gradient * up, gate)
        return dgate, nn.functional.silu(gate).mul_(gradient)


class _Rotation(torch.autograd.Function):  # type: ignore[misc]
    """Rotary positions (arXiv 2104.09864) in the half-split order of Hugging Face models."""

    @staticmethod
    def forward(context: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x [rows, n, heads, size]; cos, sin [rows or 1, n, 1, size / 2]."""
        context.save_for_backward(cos, sin)
        return _rotate(x, cos, sin, 1)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Rotate the gradient back."""
        cos, sin = context.saved_tensors
        return _rotate(gradient, cos, sin, -1), None, None


def _rotate(x: Tensor, cos: Tensor, sin: Tensor, direction: int) -> Tensor:
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        first, second = x.chunk(2, -1)  # a compiler joins all of it into one pass
        turned = (first * cos - second * sin * direction, second * cos + first * sin * direction)
        return torch.cat(turned, -1)
    result = torch.empty(x.shape, dtype=x.dtype)
    (first, second), (left, right) = x.chunk(2, -1), result.chunk(2, -1)
    torch.mul(first, cos, out=left).addcmul_(second, sin, value=-direction)
    torch.mul(second, cos, out=right).addcmul_(first, sin, value=direction)
    return result


def apply_linears(x: Tensor, *modules: nn.Module) -> tuple[Tensor, ...]:
    """Apply linear layers to the same states x [..., in]: one [..., out_i] per layer."""
    layers = tuple(_adapted(module) for module in modules)
    pairs = [matrix for layer in layers for matrix in (layer.a, layer.b) if matrix is not None]
    outputs = _Linears.apply(x.flatten(0, -2), layers, *pairs)
    return tuple(y.unflatten(0, x.shape[:-1]) for y in outputs)


def _adapted(module: nn.Module) -> AdaptedLayer:
    if isinstance(module, LoraLinear):
        a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
        base = module.base_layer
        return AdaptedLayer(_held(base), base.bias, a, b, module.scaling["default"])
    return AdaptedLayer(_held(module), module.bias, None, None, 0.0)


def _held(linear: nn.Linear) -> Tensor | PackedWeight:
    return linear.packed if isinstance(linear, FourBitLinear) else linear.weight


def _norm_forward(self: Any, hidden_states: Tensor) -> Tensor:
    return _Norm.apply(hidden_states, self.weight, self.variance_epsilon)


def _gated_forward(self: Any, x: Tensor) -> Tensor:
    gate, up = apply_linears(x, self.gate_proj, self.up_proj)
    return apply_linears(_Gate.apply(gate, up), self.down_proj)[0]


def _attention_forward(
    self: Any,
    hidden_states: Tensor,
    position_embeddings: tuple[Tensor, Tensor],
    layout: RowLayout | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention within each row, or within the records that `layout` finds in a packed row.

    There is no mask and no cache in training.
    """
    cos, sin = (values.chunk(2, -1)[0] for values in position_embeddings)
    states = apply_linears(hidden_states, self.q_proj, self.k_proj, self.v_proj)
    if layout is None and hidden_states.device.type == "cpu" and not torch.compiler.is_compiling():
        mixed = RowAttention.apply(*states, cos, sin, self.scaling, self.head_dim)
        return apply_linears(mixed, self.o_proj)[0], None
    q, k, v = (state.unflatten(-1, (-1, self.head_dim)) for state in states)
    q, k = (_Rotation.apply(each, cos.unsqueeze(-2), sin.unsqueeze(-2)) for each in (q, k))
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    if layout is not None:
        mixed = attend(q, k, v, layout, scale=self.scaling)
    else:
        mixed = nn.functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=self.scaling, enable_gqa=self.num_key_value_groups > 1
        )
    return apply_linears(mixed.transpose(1, 2).flatten(2), self.o_proj)[0], None


def is_known_gate(module: nn.Module) -> bool:
    """Return whether it is a gate by SiLU, of linear layers that this module knows."""
    activation = type(module.act_fn).__name__ in ("SiLUActivation", "SiLU")
    return activation and _are_known_linears(module.gate_proj, module.up_proj, module.down_proj)


def _is_known_attention(module: nn.Module) -> bool:
    """Return whether it is plain causal attention, without dropout and without a sliding window."""
    windowed = getattr(module.config, "sliding_window", None) is not None
    plain = not windowed and module.attention_dropout == 0.0
    return plain and _are_known_linears(module.q_proj, module.k_proj, module.v_proj, module.o_proj)


def _are_known_linears(*modules: nn.Module) -> bool:
    return all(
        type(module) in (nn.Linear, FourBitLinear)
        or (type(module) is LoraLinear and isinstance(module.lora_dropout["default"], nn.Identity))
        for module in modules
    )
