"""How pictures are made larger, as the export panels offer it."""

ENLARGED = {"refined": "clean edges", "smooth": "smooth", "nearest": "squares"}


ABOUT_ENLARGED = (
    "Clean edges: a small network places the light within each pixel. Smooth: plain resampling. "
    "Both average back to the model's own pixels. Squares: the pixels as they are."
)
