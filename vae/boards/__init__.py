"""Boards: kept pictures, in one file per board, written by several windows at once."""

from .item import Board, BoardError, Item, new_item
from .store import UNNAMED, change, export, generations, imported, is_key, load, new_key, revision
