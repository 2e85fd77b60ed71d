"""The parts of models: layers, networks, likelihoods, densities, priors, inference."""

from .distributions import Mixture, normal_log_prob, sample_normal, standard_normal_kl
from .likelihoods import LIKELIHOODS, Likelihood
from .priors import ClassConditionalNormal, Flow, Prior
