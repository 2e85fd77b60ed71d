"""Images as files: grids, animations, contact sheets, SVG outlines, enlargement."""
