"""The page's figures, of arrays. Pure: no Streamlit; colours and fonts come from the theme."""

import plotly.graph_objects as go

from ..controls.chart_style import QUIET


def quality_figure(tried: dict[int, float], chosen: int, words: str) -> go.Figure:
    """How good each number of clusters is; `words` say in what."""
    numbers = sorted(tried)
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=[tried[k] for k in numbers],
        mode="lines+markers",
        line={"width": 2, "color": QUIET},
        marker={
            "size": [13 if k == chosen else 7 for k in numbers],
            "symbol": ["diamond" if k == chosen else "circle" for k in numbers],
        },
        hovertemplate="%{x} clusters: %{y:,.4~g}<extra></extra>",
    )
    figure.update_xaxes(title="clusters", fixedrange=True, zeroline=False)
    figure.update_yaxes(title=words, fixedrange=True, zeroline=False)
    return figure.update_layout(
        height=260, showlegend=False, margin={"l": 8, "r": 8, "t": 8, "b": 8}
    )
