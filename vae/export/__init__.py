"""A model for other programs: the browser's decoder program, ONNX."""

from .decoder_program import ExportError, decoder_program
