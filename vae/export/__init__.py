"""Models in the formats of other programs: decoder programs for the browser, and ONNX files."""
