"""Models in the formats of other programs: decoder programs for the browser, and ONNX files."""

from .decoder_program import CONTEXT_NAMES, DecoderProgramError, decoder_program
