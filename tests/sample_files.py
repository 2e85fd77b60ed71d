"""Bytes of files as people bring them, made by tests."""

import struct


def idx(array):
    """An IDX file of a uint8 array."""
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()
