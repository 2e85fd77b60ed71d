"""Markers and colours shared by all charts; fonts and backgrounds come from the page's theme."""

# Class k has the same marker on charts and maps.
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star")
SYMBOLS += ("hexagon", "bowtie")
LABEL = {"size": 12}
QUIET = "#8c7f72"  # legible on both themes; class colours are reserved for classes
ACCENT = "#cf6237"  # between the accent colours of the two themes
