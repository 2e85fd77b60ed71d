"""Marks and colours that every chart shares; fonts and grounds come from the page's theme."""

# The same shape per class as on the maps.
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star")
SYMBOLS += ("hexagon", "bowtie")
LABEL = {"size": 12}
QUIET = "#8c7f72"  # stands on paper and on charcoal; class colours are kept for classes
ACCENT = "#cf6237"  # between the accents of the two themes
