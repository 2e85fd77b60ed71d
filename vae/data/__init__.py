"""Data sets: images and labels in memory or memory-mapped, from a name, a path or an upload."""

from .dataset import DataError, Dataset, Split, numbered
from .idx import idx_images, idx_pair, idx_shape, read_idx
from .load import load_dataset
from .named import FASHION_CLASSES, bundled_twin, fashion_folders

__all__ = [
    "FASHION_CLASSES",
    "DataError",
    "Dataset",
    "Split",
    "bundled_twin",
    "fashion_folders",
    "idx_images",
    "idx_pair",
    "idx_shape",
    "load_dataset",
    "numbered",
    "read_idx",
]
