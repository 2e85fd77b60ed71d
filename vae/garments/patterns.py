"""The patterns of cloth, as coverage by the accent colour, for pixels and for SVG.

A pattern is periodic, and symmetric about the centre line. Its own coordinates are u across and v
along the grain, 0 at the point where the grain starts; a period is `scale` millimetres.
"""

import numpy as np

_STRIPE, _PINSTRIPE, _CHECK = 0.42, 0.17, 0.5  # of a period
_HALF = 0.5  # opacity of the bands of a check, which are darker where they cross
_DOT = 0.2  # radius, of a period


def coverage(pattern: str, u: np.ndarray, v: np.ndarray, scale: float, pixel: float) -> np.ndarray:
    """How much of pixels with sides of `pixel` and centres (u, v) is covered by the accent."""
    if pattern == "stripes":
        return _bands(v / scale, _STRIPE, pixel / scale)
    if pattern == "pinstripes":
        return _bands(u / scale, _PINSTRIPE, pixel / scale)
    if pattern == "check":
        across, along = (_HALF * _bands(w / scale, _CHECK, pixel / scale) for w in (u, v))
        return 1 - (1 - across) * (1 - along)
    if pattern == "dots":
        return np.maximum(
            _dots(u, v, scale, pixel), _dots(u + scale / 2, v + scale / 2, scale, pixel)
        )
    return np.zeros(np.broadcast_shapes(u.shape, v.shape))


def tile(pattern: str, scale: float, colour: str) -> str:
    """The content of an SVG tile [-scale/2, scale/2] squared; "" for no pattern."""
    half = scale / 2

    def band(share: float, attributes: str, *, upright: bool) -> str:
        ends = f'{-share * half:g}" {{}}="{-half:g}" {{}}="{share * scale:g}" {{}}="{scale:g}"'
        names = ("y", "width", "height") if upright else ("x", "height", "width")
        first = "x" if upright else "y"
        return f'<rect {first}="{ends.format(*names)} fill="{colour}"{attributes}/>'

    if pattern == "stripes":
        return band(_STRIPE, "", upright=False)
    if pattern == "pinstripes":
        return band(_PINSTRIPE, "", upright=True)
    if pattern == "check":
        light = f' fill-opacity="{_HALF}"'
        return band(_CHECK, light, upright=True) + band(_CHECK, light, upright=False)
    if pattern == "dots":
        corners = [(x, y) for x in (-half, half) for y in (-half, half)]
        return "".join(
            f'<circle cx="{x:g}" cy="{y:g}" r="{_DOT * scale:g}" fill="{colour}"/>'
            for x, y in [(0.0, 0.0), *corners]
        )
    return ""


def _bands(w: np.ndarray, share: float, pixel: np.ndarray) -> np.ndarray:
    """The covered share of intervals of length `pixel` around w, where bands of width `share` are
    centred at the whole numbers."""

    def integral(x: np.ndarray) -> np.ndarray:  # of the bands from their left edge on
        whole = np.floor(x)
        return whole * share + np.minimum(x - whole, share)

    start = w + share / 2
    return (integral(start + pixel / 2) - integral(start - pixel / 2)) / pixel


def _dots(u: np.ndarray, v: np.ndarray, scale: np.ndarray, pixel: float) -> np.ndarray:
    nearest = [w - np.round(w / scale) * scale for w in (u, v)]
    distance = np.sqrt(np.square(nearest[0]) + np.square(nearest[1]))
    return np.clip((_DOT * scale - distance) / pixel + 0.5, 0, 1)
