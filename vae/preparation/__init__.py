"""How pictures become images of one size and scale: the same in training and ever after."""

from .choices import Choices
from .picture import prepare, read
