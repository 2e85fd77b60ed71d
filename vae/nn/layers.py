"""Layers that torch does not provide. A decoder is an `nn.Sequential` of these and of torch's
linear, convolution, normalisation and activation layers, which `vae.export` can write down."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

LOG_STD = (-6.0, 3.0)  # bounds for the prior of a lower latent


def autocast_off(x: Tensor) -> AbstractContextManager:
    """A context in which layers compute in float32 although autocast is on outside it."""
    device = x.device.type
    available = torch.amp.is_autocast_available(device)
    return torch.autocast(device, enabled=False) if available else nullcontext()


class Standardise(nn.Module):
    """(x - mean) / std, one mean and one std for all pixels, set once from the data."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("std", torch.tensor(1.0))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


class Residual(nn.Module):
    """x + f(x), where f is an `nn.Sequential` that preserves the shape."""

    def __init__(self, body: nn.Sequential) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Affine(nn.Module):
    """w x + b with one w and one b for each channel of `[B, C]` or `[B, C, H, W]`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.empty(channels)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = (p.view(1, -1, *[1] * (x.ndim - 2)) for p in (self.weight, self.bias))
        return x * weight + bias


class Logit(nn.Module):
    """log(p / (1 - p)) of pixels p, which are kept `epsilon` away from 0 and 1."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return torch.logit(x, self.epsilon)


class FourierFeatures(nn.Module):
    """z `[B, D]` with random Fourier features: `[B, D + 2 F]`, as z, sin(z B^T), cos(z B^T).

    `context` further input columns are passed on at the end: `[B, D + E]` gives
    `[B, D + 2 F + E]`.

    B `[F, D]` is drawn once from N(0, scale^2) and never trained (Tancik et al. 2020,
    https://arxiv.org/abs/2006.10739, section 5). It lets a small decoder vary fast along z: the
    posterior of a 2-D model is only about 0.03 wide. The draw is rounded to float16, the precision
    of stored checkpoints, so that storing changes nothing.
    """

    weight: Tensor

    def __init__(self, latent: int, features: int, scale: float, context: int = 0) -> None:
        super().__init__()
        self.latent, self.context = latent, context
        self.in_features, self.out_features = latent + context, latent + 2 * features + context
        weight = torch.empty(features, latent)
        if not weight.is_meta:  # to compute there imports torch's compiler, for a second
            weight = (scale * weight.normal_()).half().float()
        self.register_buffer("weight", weight)

    def forward(self, z: Tensor) -> Tensor:
        with autocast_off(z):  # bfloat16 would lose the phase of the fast waves
            code, rest = z.float().tensor_split([self.latent], dim=1)
            phase = code @ self.weight.T
            return torch.cat([code, phase.sin(), phase.cos(), rest], dim=1)


class LabelInteraction(nn.Module):
    """[h | e] `[B, width + E]` -> [h, e_1 h, ..., e_E h] `[B, width (1 + E)]`.

    With a one-hot e, the next layer has separate weights for each label in addition to shared
    weights, which alone act on an unknown label. A label added to a sum could only shift it.
    """

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.width, self.labels = width, labels
        self.in_features, self.out_features = width + labels, width * (1 + labels)

    def forward(self, x: Tensor) -> Tensor:
        h, e = x.tensor_split([self.width], dim=1)
        return torch.cat([h, (e[:, :, None] * h[:, None]).flatten(1)], dim=1)


class OnFirstColumns(nn.Module):
    """[h | e] `[B, width + E]` -> [f(h) | e]: applies a body to the first columns and passes on
    the rest, the noise of the stochastic layers that follow."""

    def __init__(self, width: int, body: nn.Sequential) -> None:
        super().__init__()
        self.width, self.body = width, body

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.body(x[:, : self.width]), x[:, self.width :]], dim=1)


class StochasticLayer(nn.Module):
    """[h | e] `[B, width + E]` -> [h + U z | e'] `[B, width + E - size]`: samples a lower latent.

    z = mean(h) + std(h) * (the first `size` columns of e), so N(0, I) noise gives a draw from
    p(z|h), and zero noise gives its mean.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.width, self.size = width, size
        self.prior = nn.Linear(width, 2 * size)
        self.project = nn.Linear(size, width)
        with torch.no_grad():  # every level starts as N(0, I), independent of the levels above
            self.prior.weight.mul_(0.1)
            self.prior.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        h, noise, rest = x.tensor_split([self.width, self.width + self.size], dim=1)
        mean, log_std = self.prior(h).chunk(2, dim=1)
        z = mean + log_std.clamp(*LOG_STD).exp() * noise
        return torch.cat([h + self.project(z.to(h.dtype)), rest.to(h.dtype)], dim=1)


class Exemplars(nn.Module):
    """[z | u | r] `[B, 2 D + 1]` -> w `[B, W]`: the detail of real items near a place, blended.

    With the table of N items, their places m_n `[D]` and codes mu_n `[W]`, at z' = z + JITTER
    d(z) u and with the kernel's width h = 2^r bandwidth:

        pi_n(z; t) = softmax_n(-|z - m_n|^2 / (t d(z)^2 + EPSILON)),
        w = c + (m - c) (sum_n pi_n^2)^(-RESTORE / 2),
        m = sum_n pi_n(z'; h) mu_n,    c = sum_n pi_n(z'; WIDE h) mu_n,

    where d(z)^2 is the squared distance to the `NEAREST`-th nearest item minus that to the nearest
    one, which is continuous in z as all else here (a k-nearest-neighbour bandwidth: Loftsgaarden
    and Quesenberry 1965, https://doi.org/10.1214/aoms/1177700079; the difference keeps the blend
    to few items far from all of them, too). A mean of unlike codes is blurred. The deviation of
    the mean from that of more neighbours gets back the variance that averaging took, as in the
    blending of textures (Heitz and Neyret 2018, https://doi.org/10.1145/3233304).

    Zero u gives the detail at z, and N(0, I) noise that of a place nearby. A negative r gives
    images like those of single items, a positive one blends of many. An untrained table is
    random; `fill` sets it. Rows that are not filled are `FAR` away.
    """

    NEAREST, WIDE, RESTORE = 12, 8.0, 1.0
    JITTER, EPSILON, FAR = 1.0, 1e-6, 1e4

    place: Tensor
    code: Tensor
    order: Tensor

    def __init__(self, count: int, latent: int, size: int, bandwidth: float) -> None:
        super().__init__()
        self.latent, self.size, self.bandwidth = latent, size, bandwidth
        self.in_features, self.out_features = 2 * latent + 1, size
        place, code = torch.empty(count, latent), torch.empty(count, size)
        if not place.is_meta:
            place, code = (values.normal_().half().float() for values in (place, code))
        self.register_buffer("place", place)
        self.register_buffer("code", code)
        self.register_buffer("order", torch.arange(latent))  # of u, since latents are reordered

    def forward(self, x: Tensor) -> Tensor:
        with autocast_off(x):
            z, u, r = x.float().tensor_split([self.latent, 2 * self.latent], dim=1)
            squares = self._squares(z)
            reach = self._reach(squares)
            if (
                u.is_meta or torch.compiler.is_compiling() or u.any()
            ):  # half the time without noise
                squares = self._squares(z + self.JITTER * reach.sqrt() * u[:, self.order])
                reach = self._reach(squares)
            factors = (r.exp2(), self.WIDE * r.exp2())
            near, wide = (self._logits(squares, reach, t).softmax(1) for t in factors)
            centre = wide @ self.code
            gain = near.square().sum(1, keepdim=True) ** (-0.5 * self.RESTORE)
            return centre + gain * (near @ self.code - centre)

    def log_weights(self, z: Tensor) -> Tensor:
        """log pi_n(z; bandwidth) `[B, N]` at places `[B, D]`."""
        squares = self._squares(z)
        return self._logits(squares, self._reach(squares), 1.0).log_softmax(1)

    @torch.no_grad()
    def fill(self, place: Tensor, code: Tensor) -> None:
        """Replaces the table by places `[n, D]` and codes `[n, W]` of n <= N items, rounded to
        float16, the precision of stored checkpoints, so that storing changes nothing."""
        count = len(place)
        self.place[:count], self.code[:count] = place.half().float(), code.half().float()
        self.place[count:], self.code[count:] = self.FAR, 0.0

    def _squares(self, z: Tensor) -> Tensor:
        """Squared distances `[B, N]` of places `[B, D]` from those of the items."""
        columns = zip(z.T, self.place.T.contiguous(), strict=True)  # a tenth of the time
        return sum((here[:, None] - there).square() for here, there in columns)

    def _logits(self, squares: Tensor, reach: Tensor, factor: Tensor | float) -> Tensor:
        """log pi_n(z; factor bandwidth) `[B, N]`, not normalised."""
        return squares / (-factor * self.bandwidth * reach - self.EPSILON)

    def _reach(self, squares: Tensor) -> Tensor:
        """d(z)^2 `[B, 1]`."""
        nearest = min(self.NEAREST, squares.shape[1])
        near = squares.topk(nearest, dim=1, largest=False).values
        return near[:, -1:] - near[:, :1]
