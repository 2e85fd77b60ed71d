"""Plotly figures of the lessons. Pure; colours and fonts come from the page's theme."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from vae.latent.traversal import Traversal

from ..controls.chart_style import LABEL, QUIET, SYMBOLS


def traversal_figure(path: Traversal, frames: int, tops: tuple[float, float, float]) -> go.Figure:
    """Density, distance from the nearest real image and pixel entropy along a traversal.

    The x axis is aligned with a strip of `frames` images of the same width. `tops` are the upper
    limits of the three y axes, so that two traversals can be compared.
    """
    fraction = np.linspace(0, 1, len(path.density))
    density_words = "%{y:.2f} times the median density"
    rows = (
        (path.density, "density, 1 = that of the median item", density_words),
        (path.nearest_error, "MSE per pixel to the nearest real image", "%{y:.4f}"),
        (path.entropy, "pixel entropy, nats per pixel", "%{y:.3f} nats per pixel"),
    )
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.13)
    for row, ((values, title, words), top) in enumerate(zip(rows, tops, strict=True), start=1):
        figure.add_scatter(
            x=fraction, y=values, mode="lines", line={"width": 2, "color": QUIET}, row=row, col=1,
            fill="tozeroy", fillcolor="rgba(140, 127, 114, 0.25)",
            hovertemplate=f"{words}, %{{x:.0%}} of the path<extra></extra>",
        )  # fmt: skip
        figure.update_yaxes(range=[0, 1.08 * top], tickvals=[0, _round(top)], row=row)
        figure.add_annotation(
            text=title, font=LABEL, showarrow=False, xanchor="left", yanchor="bottom",
            x=0, y=1, xref="paper", yref=f"y{row} domain" if row > 1 else "y domain",
        )  # fmt: skip
    half = 0.5 / (frames - 1)
    figure.update_xaxes(
        range=[-half, 1 + half], showgrid=False, zeroline=False, tickformat=".0%", fixedrange=True
    )
    figure.update_xaxes(tickvals=[0, 0.25, 0.5, 0.75, 1], row=3)
    figure.update_yaxes(
        ticklabelposition="inside top", ticklabeloverflow="allow", fixedrange=True, zeroline=False
    )
    return figure.update_layout(
        height=300, margin={"l": 0, "r": 0, "t": 22, "b": 24}, showlegend=False
    )


def _round(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above a positive value."""
    power = 10.0 ** np.floor(np.log10(value)) if value > 0 else 1.0
    return float(max((m * power for m in (1, 2, 5) if m * power <= value), default=power))


def codes_figure(
    codes: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...], *, limit: int = 2500
) -> go.Figure:
    """A small map of the first `limit` codes [N, 2], one colour and marker per class."""
    figure = go.Figure()
    codes, labels = codes[:limit], labels[:limit]
    for label, name in enumerate(class_names):
        members = codes[labels == label]
        figure.add_scatter(
            x=members[:, 0], y=members[:, 1], mode="markers", name=name, hoverinfo="name",
            marker={"size": 4, "symbol": SYMBOLS[label % len(SYMBOLS)], "opacity": 0.75},
        )  # fmt: skip
        if len(members):
            x, y = np.median(members, axis=0)
            figure.add_annotation(
                x=x, y=y, text=f"<b>{name}</b>", showarrow=False, font={"size": 11}
            )  # fmt: skip
    _square(figure, codes)
    return figure.update_layout(height=340, showlegend=False)


def rate_distortion_figure(
    betas: list[float], kl: list[float], reconstruction: list[float], chosen: int
) -> go.Figure:
    """Rate (KL) and distortion (reconstruction) per beta, in nats per image."""
    figure = go.Figure()
    n = len(betas)
    names, sizes, symbols = [f"β = {b:g}" for b in betas], [8] * n, ["circle"] * n
    names[chosen], sizes[chosen], symbols[chosen] = f"<b>{names[chosen]}</b>", 15, "diamond"
    figure.add_scatter(
        x=kl, y=reconstruction, text=names, mode="lines+markers+text", textposition="top right",
        cliponaxis=False, marker={"size": sizes, "symbol": symbols},
        hovertemplate="KL %{x:.2f} nats, reconstruction %{y:.1f} nats<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="Rate: KL, nats per image", fixedrange=True)
    figure.update_yaxes(title="Distortion: reconstruction, nats per image", fixedrange=True)
    return figure.update_layout(
        height=340, showlegend=False, margin={"l": 8, "r": 48, "t": 24, "b": 8}
    )


def posterior_figure(draws: np.ndarray, ellipse: np.ndarray, words: str) -> go.Figure:
    """Samples [n, 2] of q(z|x), and an ellipse [m, 2]."""
    figure = go.Figure()
    figure.add_scatter(
        x=draws[:, 0], y=draws[:, 1], mode="markers", name="samples of q(z|x)", hoverinfo="skip",
        marker={"size": 3, "opacity": 0.45},
    )  # fmt: skip
    figure.add_scatter(
        x=ellipse[:, 0], y=ellipse[:, 1], mode="lines", name=words, hoverinfo="skip",
        line={"width": 2.5, "color": QUIET},
    )  # fmt: skip
    _square(figure, np.vstack([draws, ellipse]))
    return figure.update_layout(height=330, legend={"orientation": "h", "y": -0.12, "x": 0})


def ellipse(mean: np.ndarray, std: np.ndarray, *, mass: float = 0.95) -> np.ndarray:
    """The outline [65, 2] that contains `mass` of a Gaussian with diagonal covariance."""
    radius = np.sqrt(-2 * np.log(1 - mass))
    angle = np.linspace(0, 2 * np.pi, 65)[:, None]
    return mean + radius * std * np.hstack([np.cos(angle), np.sin(angle)])


def _square(figure: go.Figure, points: np.ndarray) -> None:
    """Equal units on both axes over the central 99.8 % of the points; no zooming."""
    low, high = np.percentile(points, (0.1, 99.9), axis=0)
    middle, half = (low + high) / 2, 0.56 * float((high - low).max() or 1)
    figure.update_xaxes(range=[middle[0] - half, middle[0] + half], fixedrange=True, nticks=7)
    figure.update_yaxes(
        range=[middle[1] - half, middle[1] + half], scaleanchor="x", fixedrange=True, nticks=7
    )
    figure.update_layout(margin=dict.fromkeys("lrtb", 8))
