"""The page's figures, of arrays. Pure: no Streamlit; colours and fonts come from the theme."""

import plotly.graph_objects as go

from ..controls.chart_style import QUIET, SYMBOLS


def gain_figure(told: dict) -> go.Figure:
    """What each arm of the augmentation benchmark adds to the labels alone, in percentage points
    of accuracy: a dot a mean, a bar one standard deviation of the paired differences."""
    figure = go.Figure()
    counts = list(dict.fromkeys(row["labels"] for row in told["rows"]))
    arms = [arm for arm in told["arms"] if arm != "labels"]
    for place, arm in enumerate(arms):
        rows = [row for row in told["rows"] if row["arm"] == arm]
        figure.add_scatter(
            x=[counts.index(row["labels"]) + 0.16 * (place - (len(arms) - 1) / 2) for row in rows],
            y=[row["gain"] for row in rows],
            error_y={"array": [row["gain_spread"] for row in rows], "width": 0, "thickness": 1.5},
            mode="markers",
            name=told["arms"][arm],
            marker={"size": 10, "symbol": SYMBOLS[place]},
            hovertemplate="%{y:+.1f} points<extra>%{fullData.name}</extra>",
        )
    figure.add_hline(y=0, line={"width": 1, "color": QUIET})
    figure.update_xaxes(
        title="labels a class",
        tickvals=list(range(len(counts))),
        ticktext=[f"{n:,}" for n in counts],
        fixedrange=True,
        showgrid=False,
    )
    figure.update_yaxes(
        title="gain over the labels alone, points", fixedrange=True, zeroline=False
    )
    return figure.update_layout(
        height=360,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": -0.25, "x": 0},
    )
