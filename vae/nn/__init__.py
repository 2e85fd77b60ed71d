"""Networks and densities: layers, encoders and decoders, distributions, priors, inference."""
