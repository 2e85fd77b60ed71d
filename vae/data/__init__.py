"""Data sets: images and labels in memory or memory-mapped, from a name, a path or an upload."""

from .dataset import DataError, Dataset, Split
from .load import FASHION_CLASSES, NAMED, bundled_equivalent, load_dataset
