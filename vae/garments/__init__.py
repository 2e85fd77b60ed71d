"""Garments drawn from known factors: a data set of technical flats, each also as an SVG.

import vae
data = vae.load_dataset("garments")  # its columns are the factors
one = vae.garments.Garment("Dress", sleeve=0, length=1000, width=450, neckline="V",
                           waist=0.8, flare=1.6, colour="rust", pattern="dots")
open("dress.svg", "w").write(vae.garments.to_svg(one))  # in millimetres
pixels = vae.garments.render(vae.garments.table([one]))  # uint8 [1, 3, 64, 64]
"""

from .colours import GROUND
from .factors import FACTORS, KINDS, Garment, garment, sample, table, typical
from .raster import SIDE, render
from .svg import to_svg
