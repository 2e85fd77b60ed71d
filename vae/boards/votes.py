"""Votes for the images of a board: one of each voter for an image, given and taken back."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from .item import MAX_VOTES, BoardError, Item


def voter_of(visitor_key: str, board_key: str) -> str:
    """The name of a visitor among the voters of one board, as 12 hexadecimal digits. It gives no
    rights, does not tell who they are, and is another one on every board."""
    text = f"latent-atelier vote {board_key} {visitor_key}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Vote:
    """A voter's votes for images, by their ids; where not `given`, they are taken back."""

    ids: tuple[str, ...]
    voter: str
    given: bool = True

    def reversed(self) -> "Vote":
        return Vote(self.ids, self.voter, not self.given)

    def counted(self, items: Mapping[str, Item]) -> dict[str, Item]:
        """The items of these ids with the vote. The votes of others stay as they are. Raises
        `BoardError` where an image has as many as are counted."""
        return {id: self._counted(items[id]) for id in self.ids if id in items}

    def _counted(self, item: Item) -> Item:
        others = tuple(voter for voter in item.votes if voter != self.voter)
        if self.given and len(others) >= MAX_VOTES:
            raise BoardError(f"this image has {MAX_VOTES} votes, the most that are counted")
        return replace(item, votes=(*others, self.voter) if self.given else others)
