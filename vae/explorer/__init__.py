"""The explorer: what the map of a model is drawn from, and the map as one HTML file.

The scripts are those of the app, `pages/ui`, which this room reads as text and never imports.
"""
