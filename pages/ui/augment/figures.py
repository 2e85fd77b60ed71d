"""The figure of the Augment page. Pure; colours and fonts come from the theme."""

import plotly.graph_objects as go

from ..controls.chart_style import QUIET, SYMBOLS


def gain_figure(benchmark: dict) -> go.Figure:
    """The gain in accuracy of each arm of the benchmark over labelled images only, in percentage
    points: mean and standard deviation of the paired differences."""
    figure = go.Figure()
    counts = list(dict.fromkeys(row["labels"] for row in benchmark["rows"]))
    arms = [arm for arm in benchmark["arms"] if arm != "labels"]
    for k, arm in enumerate(arms):
        rows = [row for row in benchmark["rows"] if row["arm"] == arm]
        figure.add_scatter(
            x=[counts.index(row["labels"]) + 0.16 * (k - (len(arms) - 1) / 2) for row in rows],
            y=[row["gain"] for row in rows],
            error_y={"array": [row["gain_spread"] for row in rows], "width": 0, "thickness": 1.5},
            mode="markers",
            name=benchmark["arms"][arm],
            marker={"size": 10, "symbol": SYMBOLS[k]},
            hovertemplate="%{y:+.1f} points<extra>%{fullData.name}</extra>",
        )
    figure.add_hline(y=0, line={"width": 1, "color": QUIET})
    ticks = {"tickvals": list(range(len(counts))), "ticktext": [f"{n:,}" for n in counts]}
    figure.update_xaxes(title="labels per class", fixedrange=True, showgrid=False, **ticks)
    title = "gain over labelled images only, points"
    figure.update_yaxes(title=title, fixedrange=True, zeroline=False)
    legend = {"orientation": "h", "y": -0.25, "x": 0}
    return figure.update_layout(height=360, margin=dict.fromkeys("lrtb", 8), legend=legend)
