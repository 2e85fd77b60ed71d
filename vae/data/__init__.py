"""Data sets: images and labels in memory or memory-mapped, from a name, a path or an upload."""

from ..formats.untrusted import DataError
from .dataset import Dataset, Split
from .load import FASHION_CLASSES, NAMED, bundled_equivalent, load_dataset
