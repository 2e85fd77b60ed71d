"""The operators of graphs, those of ONNX, in torch, and the modules that are made of graphs."""
