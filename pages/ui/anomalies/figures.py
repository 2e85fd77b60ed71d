"""The figure of the Anomalies page. Pure; colours and fonts come from the theme."""

import numpy as np
import plotly.graph_objects as go

from vae.data.dataset import evenly_spaced

from ..controls.chart_style import ACCENT, QUIET


def trade_off_figure(
    x: np.ndarray,
    y: np.ndarray,
    point: tuple[float, float],
    titles: tuple[str, str],
    chance: tuple[tuple[float, float], tuple[float, float]],
) -> go.Figure:
    """A curve of two rates, the point of the current threshold, and a dotted line that shows
    chance, from one (x, y) to another."""
    sample = evenly_spaced(len(x), 2000)
    figure = go.Figure()
    line = {"width": 1, "color": QUIET, "dash": "dot"}
    (x0, y0), (x1, y1) = chance
    figure.add_scatter(x=[x0, x1], y=[y0, y1], mode="lines", hoverinfo="skip", line=line)
    hover = f"{titles[0]} %{{x:.1%}}, {titles[1]} %{{y:.1%}}<extra></extra>"
    figure.add_scatter(
        x=x[sample], y=y[sample], mode="lines", line={"width": 2.5, "color": QUIET},
        hovertemplate=hover,
    )  # fmt: skip
    figure.add_scatter(
        x=[point[0]], y=[point[1]], mode="markers", cliponaxis=False, hovertemplate=hover,
        marker={"size": 12, "symbol": "diamond", "color": ACCENT},
    )  # fmt: skip
    for axis, title in zip((figure.update_xaxes, figure.update_yaxes), titles, strict=True):
        axis(title=title, range=[-0.01, 1.01], tickformat=".0%", fixedrange=True, zeroline=False)
    return figure.update_layout(
        height=280, showlegend=False, margin={"l": 8, "r": 12, "t": 12, "b": 8}
    )
