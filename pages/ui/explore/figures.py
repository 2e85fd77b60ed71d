"""The chart of the region panel. Pure: no Streamlit; colours and fonts come from the theme."""

import numpy as np
import plotly.graph_objects as go


def counts_figure(
    counts: np.ndarray, class_names: tuple[str, ...], *, max_rows: int = 20
) -> go.Figure:
    """A bar chart of the counts of each class [K], the `max_rows` most frequent non-empty ones."""
    figure = go.Figure()
    order = sorted(np.flatnonzero(counts), key=lambda k: (-counts[k], k))[:max_rows]
    for label, name in enumerate(class_names):  # one trace per class, so that each has its colour
        count = counts[label : label + 1] if label in order else []
        figure.add_bar(
            x=count,
            y=[name] * len(count),
            orientation="h",
            name=name,
            text=[f"{n:,} · {100 * n / counts.sum():.1f} %" for n in count],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    rows = [class_names[k] for k in order]
    figure.update_yaxes(
        categoryorder="array", categoryarray=rows[::-1], fixedrange=True, automargin=True
    )
    right = 1.6 * float(counts.max(initial=1))  # leaves space for the text next to the bars
    figure.update_xaxes(visible=False, range=[0, right], fixedrange=True)
    height, margin = 40 + 30 * len(rows), {"l": 0, "r": 0, "t": 8, "b": 8}
    return figure.update_layout(height=height, barmode="overlay", showlegend=False, margin=margin)
