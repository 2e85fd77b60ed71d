"""The figure of the Clusters page. Pure; colours and fonts come from the theme."""

import plotly.graph_objects as go

from ..controls.chart_style import QUIET


def quality_figure(qualities: dict[int, float], best: int, title: str) -> go.Figure:
    """A quality measure, named `title`, by the number of clusters."""
    numbers = sorted(qualities)
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=[qualities[k] for k in numbers],
        mode="lines+markers",
        line={"width": 2, "color": QUIET},
        marker={
            "size": [13 if k == best else 7 for k in numbers],
            "symbol": ["diamond" if k == best else "circle" for k in numbers],
        },
        hovertemplate="%{x} clusters: %{y:,.4~g}<extra></extra>",
    )
    figure.update_xaxes(title="clusters", fixedrange=True, zeroline=False)
    figure.update_yaxes(title=title, fixedrange=True, zeroline=False)
    return figure.update_layout(height=260, showlegend=False, margin=dict.fromkeys("lrtb", 8))
