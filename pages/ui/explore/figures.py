"""The page's figures, of arrays. Pure: no Streamlit; colours and fonts come from the theme."""

import numpy as np
import plotly.graph_objects as go


def counts_figure(
    counts: np.ndarray, class_names: tuple[str, ...], *, most: int = 20
) -> go.Figure:
    """How many items there are of each class [K], the most frequent `most` of those with any."""
    figure = go.Figure()
    order = sorted(np.flatnonzero(counts), key=lambda k: (-counts[k], k))[:most]
    for label, name in enumerate(class_names):  # a trace a class, so that each has its colour
        many = counts[label : label + 1] if label in order else []
        figure.add_bar(
            x=many,
            y=[name] * len(many),
            orientation="h",
            name=name,
            text=[f"{n:,} · {100 * n / counts.sum():.1f} %" for n in many],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    rows = [class_names[k] for k in order]
    figure.update_yaxes(
        categoryorder="array", categoryarray=rows[::-1], fixedrange=True, automargin=True
    )
    top = 1.35 * float(counts.max(initial=1))  # room for the numbers beside the bars
    figure.update_xaxes(visible=False, range=[0, top], fixedrange=True)
    return figure.update_layout(
        height=40 + 30 * len(rows),
        barmode="overlay",
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 8, "b": 8},
    )
