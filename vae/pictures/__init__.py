"""Images as files: grids, animations, contact sheets, SVG outlines, enlargement."""

from .animation import encode_animation
from .contact_sheet import make_contact_sheet
from .export_options import ExportError
from .grid import encode_png, image_grid, mosaic
from .svg import to_svg
from .upscale import enlarge
