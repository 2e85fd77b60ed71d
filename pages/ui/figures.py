"""Arrays to Plotly figures. Pure: no Streamlit; colours and fonts come from the page's theme."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from vae.data.subsample import evenly
from vae.latent.traversal import Walk

_SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star")
_SYMBOLS += ("hexagon", "bowtie")  # the same shape a class as on the maps
_LABEL = {"size": 12}
_QUIET = "#8c7f72"  # stands on paper and on charcoal; class colours are kept for classes
_ACCENT = "#cf6237"  # between the accents of the two themes


def walk_figure(path: Walk, frames: int, tops: tuple[float, float, float]) -> go.Figure:
    """What lies under a walk: density, pixel entropy, difference from the nearest real image.

    The axis lies under a strip of `frames` pictures of the same width: each above its place.
    `tops` end the three axes, so that two walks can be compared by eye.
    """
    share = np.linspace(0, 1, len(path.density))
    rows = (
        (path.density, "density of the items, 1 = typical", "%{y:.2f} of the typical density"),
        (path.nearest, "difference from the nearest real image, squared, a pixel", "%{y:.4f}"),
        (path.entropy, "pixel entropy, nats: how undecided", "%{y:.3f} nats a pixel"),
    )
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.13)
    for row, ((values, title, words), top) in enumerate(zip(rows, tops, strict=True), start=1):
        figure.add_scatter(
            x=share,
            y=values,
            fill="tozeroy",
            fillcolor="rgba(140, 127, 114, 0.25)",
            mode="lines",
            line={"width": 2, "color": _QUIET},
            hovertemplate=f"{words}, %{{x:.0%}} of the way<extra></extra>",
            row=row,
            col=1,
        )
        figure.update_yaxes(range=[0, 1.08 * top], tickvals=[0, _round(top)], row=row)
        figure.add_annotation(
            text=title,
            x=0,
            y=1,
            xref="paper",
            yref=f"y{row} domain" if row > 1 else "y domain",
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font=_LABEL,
        )
    half = 0.5 / (frames - 1)
    figure.update_xaxes(
        range=[-half, 1 + half], showgrid=False, zeroline=False, tickformat=".0%", fixedrange=True
    )
    figure.update_xaxes(tickvals=[0, 0.25, 0.5, 0.75, 1], row=3)
    figure.update_yaxes(
        ticklabelposition="inside top",
        ticklabeloverflow="allow",
        fixedrange=True,
        zeroline=False,
    )
    return figure.update_layout(
        height=300, margin={"l": 0, "r": 0, "t": 22, "b": 24}, showlegend=False
    )


def _round(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above a positive value."""
    power = 10.0 ** np.floor(np.log10(value)) if value > 0 else 1.0
    return float(max((m * power for m in (1, 2, 5) if m * power <= value), default=power))


def codes_figure(
    codes: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...], *, most: int = 2500
) -> go.Figure:
    """A map's thumbnail: the first `most` codes [N, 2], one colour and one shape a class."""
    figure = go.Figure()
    codes, labels = codes[:most], labels[:most]
    for label, name in enumerate(class_names):
        own = codes[labels == label]
        figure.add_scatter(
            x=own[:, 0], y=own[:, 1], mode="markers", name=name, hoverinfo="name",
            marker={"size": 4, "symbol": _SYMBOLS[label % len(_SYMBOLS)], "opacity": 0.75},
        )  # fmt: skip
        if len(own):
            x, y = np.median(own, axis=0)
            figure.add_annotation(
                x=x, y=y, text=f"<b>{name}</b>", showarrow=False, font={"size": 11}
            )  # fmt: skip
    _square(figure, codes)
    return figure.update_layout(height=340, showlegend=False)


def rate_distortion_figure(
    betas: list[float], kl: list[float], reconstruction: list[float], chosen: int
) -> go.Figure:
    """What each beta pays (KL) for what it gets (reconstruction), both nats an image."""
    figure = go.Figure()
    figure.add_scatter(
        x=kl,
        y=reconstruction,
        mode="lines+markers+text",
        text=[f"<b>β = {b:g}</b>" if i == chosen else f"β = {b:g}" for i, b in enumerate(betas)],
        textposition="top right",
        cliponaxis=False,
        marker={
            "size": [15 if i == chosen else 8 for i in range(len(betas))],
            "symbol": ["diamond" if i == chosen else "circle" for i in range(len(betas))],
        },
        hovertemplate="KL %{x:.2f} nats, reconstruction %{y:.1f} nats<extra></extra>",
    )
    figure.update_xaxes(title="KL, nats an image: what the code says", fixedrange=True)
    figure.update_yaxes(title="reconstruction, nats an image: what is missed", fixedrange=True)
    return figure.update_layout(
        height=340, showlegend=False, margin={"l": 8, "r": 48, "t": 24, "b": 8}
    )


def trade_off_figure(
    x: np.ndarray,
    y: np.ndarray,
    here: tuple[float, float],
    titles: tuple[str, str],
    chance: tuple[tuple[float, float], tuple[float, float]],
) -> go.Figure:
    """A curve of two shares, the place on it of the threshold, and as a dotted line what guessing
    would give, from one (x, y) to another."""
    keep = evenly(len(x), 2000)
    figure = go.Figure()
    ends = np.array(chance)
    figure.add_scatter(
        x=ends[:, 0], y=ends[:, 1], mode="lines", hoverinfo="skip",
        line={"width": 1, "color": _QUIET, "dash": "dot"},
    )  # fmt: skip
    words = f"{titles[0]} %{{x:.1%}}, {titles[1]} %{{y:.1%}}<extra></extra>"
    figure.add_scatter(
        x=x[keep], y=y[keep], mode="lines", line={"width": 2.5, "color": _QUIET},
        hovertemplate=words,
    )  # fmt: skip
    figure.add_scatter(
        x=[here[0]], y=[here[1]], mode="markers", cliponaxis=False, hovertemplate=words,
        marker={"size": 12, "symbol": "diamond", "color": _ACCENT},
    )  # fmt: skip
    for axis, title in zip((figure.update_xaxes, figure.update_yaxes), titles, strict=True):
        axis(title=title, range=[-0.01, 1.01], tickformat=".0%", fixedrange=True, zeroline=False)
    return figure.update_layout(
        height=280, showlegend=False, margin={"l": 8, "r": 12, "t": 12, "b": 8}
    )


def quality_figure(tried: dict[int, float], chosen: int, words: str) -> go.Figure:
    """How good each number of clusters is; `words` say in what."""
    numbers = sorted(tried)
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=[tried[k] for k in numbers],
        mode="lines+markers",
        line={"width": 2, "color": _QUIET},
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
            marker={"size": 10, "symbol": _SYMBOLS[place]},
            hovertemplate="%{y:+.1f} points<extra>%{fullData.name}</extra>",
        )
    figure.add_hline(y=0, line={"width": 1, "color": _QUIET})
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


def cloud_figure(draws: np.ndarray, ellipse: np.ndarray, words: str) -> go.Figure:
    """Draws [n, 2] from q(z|x) and the outline [m, 2] of 95 % of a Gaussian."""
    figure = go.Figure()
    figure.add_scatter(
        x=draws[:, 0], y=draws[:, 1], mode="markers", name="draws of q(z|x)", hoverinfo="skip",
        marker={"size": 3, "opacity": 0.45},
    )  # fmt: skip
    figure.add_scatter(
        x=ellipse[:, 0], y=ellipse[:, 1], mode="lines", name=words, hoverinfo="skip",
        line={"width": 2.5, "color": _QUIET},
    )  # fmt: skip
    _square(figure, np.vstack([draws, ellipse]))
    return figure.update_layout(height=330, legend={"orientation": "h", "y": -0.12, "x": 0})


def ellipse(mean: np.ndarray, std: np.ndarray, *, share: float = 0.95) -> np.ndarray:
    """Outline [65, 2] that holds `share` of an axis-parallel Gaussian in the plane."""
    reach = np.sqrt(-2 * np.log(1 - share))
    angle = np.linspace(0, 2 * np.pi, 65)[:, None]
    return mean + reach * std * np.hstack([np.cos(angle), np.sin(angle)])


def _square(figure: go.Figure, points: np.ndarray) -> None:
    """Equal units on both axes over all but stray points, no handles that lead away."""
    low, high = np.percentile(points, (0.1, 99.9), axis=0)
    middle, half = (low + high) / 2, 0.56 * float((high - low).max() or 1)
    figure.update_xaxes(range=[middle[0] - half, middle[0] + half], fixedrange=True, nticks=7)
    figure.update_yaxes(
        range=[middle[1] - half, middle[1] + half], scaleanchor="x", fixedrange=True, nticks=7
    )
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8})


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
