"""The parts of models: layers, networks, likelihoods, densities, priors, inference."""
