"""A GPU for tests where there is none: tensors that compute on the CPU and say that they are on
"cuda", and that refuse whatever CUDA refuses: other tensors of the CPU, its generators, NumPy."""

from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
RealGenerator = torch.Generator
# The optimisers' own functions, which group tensors by device in C++.
INTERNAL = {torch._fused_adamw_, torch._foreach_sub_, torch._foreach_add_}


class OnCuda(Tensor):
    @property
    def device(self):
        return CUDA

    is_cuda = True

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            with torch.no_grad():
                memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
            if getattr(self, "_is_param", False):
                memo[id(self)] = nn.Parameter(memo[id(self)], self.requires_grad)
        return memo[id(self)]


class CudaGenerator(torch.Generator):
    @property
    def device(self):
        return CUDA


class AnyGenerator(RealGenerator):
    def __new__(cls, device="cpu"):
        return CudaGenerator() if torch.device(device).type == "cuda" else RealGenerator()


def device_of(tensor):
    return CUDA if isinstance(tensor, OnCuda) else CPU


def target_of(function, args, kwargs):
    """The device that a call names, or None."""
    named = kwargs.get("device")
    if function in (Tensor.to, Tensor.cpu, Tensor.cuda):
        named = {Tensor.cpu: CPU, Tensor.cuda: CUDA}.get(function, named)
        for value in args[1:]:
            if isinstance(value, Tensor):
                named = device_of(value)
            elif isinstance(value, str | torch.device):
                named = value
    return None if named is None else torch.device(named)


class Pretence(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function in (Tensor.numpy, Tensor.__array__) and isinstance(args[0], OnCuda):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        name = getattr(function, "__name__", "")
        if function is torch.device or name in ("_parse_to", "_has_compatible_shallow_copy_type"):
            return function(*args, **kwargs)
        moves = function in (Tensor.to, Tensor.cpu, Tensor.cuda, Tensor.copy_)
        target = target_of(function, args, kwargs)
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        if name in ("__getitem__", "__setitem__") and isinstance(args[0], OnCuda):
            tensors = [args[0], *(t for t in args[2:] if isinstance(t, Tensor))]
        found = {device_of(t).type for t in tensors if t.ndim or isinstance(t, OnCuda)}
        if len(found) > 1 and not moves and function not in INTERNAL and name != "__get__":
            raise RuntimeError(f"{name}: expected all tensors to be on the same device, {found}")
        result = target or (CUDA if "cuda" in found else CPU)
        generator = kwargs.get("generator")
        if generator is not None and generator.device.type != result.type:
            raise RuntimeError(f"{name}: a generator on {generator.device} for {result}")
        args, kwargs = tree_map(
            lambda v: CPU if isinstance(v, torch.device) else v.replace("cuda", "cpu")
            if isinstance(v, str) and v.startswith("cuda") else v,
            (args, kwargs),
        )  # fmt: skip
        made = function(*args, **kwargs)
        if (target is None and not found) or function is Tensor.copy_:
            return made
        if target is not None and target.type == "cpu":
            return made.as_subclass(Tensor) if isinstance(made, OnCuda) else made
        if result.type != "cuda":
            return made
        return tree_map(
            lambda v: v.as_subclass(OnCuda) if type(v) in (Tensor, nn.Parameter) else v, made
        )


@contextmanager
def pretend_cuda(monkeypatch):
    """Within it the device "cuda" exists."""
    monkeypatch.setattr(torch, "Generator", AnyGenerator)
    monkeypatch.setattr("vae.training.loop._has_fast_bfloat16", lambda device: False)
    before = torch.__future__.get_swap_module_params_on_conversion()
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        with Pretence():
            yield CUDA
    finally:
        torch.__future__.set_swap_module_params_on_conversion(before)
