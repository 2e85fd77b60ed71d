"""Garments drawn from known factors: a data set of technical flats, each also as an SVG."""

from .factors import FACTORS, KINDS, Garment, garment, sample, table, typical
from .raster import render
from .svg import to_svg
