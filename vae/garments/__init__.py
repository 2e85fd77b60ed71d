"""Garments drawn from known factors: a data set of technical flats, each also as an SVG."""

from .colours import GROUND
from .factors import FACTORS, KINDS, Garment, garment, sample, table, typical
from .raster import SIDE, render
from .svg import to_svg
