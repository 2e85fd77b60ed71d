"""Boards: saved images, one file per board, written by several windows at once."""

from .captions import Caption, Known, captions
from .item import Board, BoardError, Item, new_item
from .store import (
    UNNAMED,
    export_json,
    generations,
    import_json,
    is_key,
    load,
    merge,
    modified_ns,
    new_key,
    save_items,
)
from .votes import Vote, voter_of
