"""An undo stack, for the sheets of Generate and the changes of a board."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class UndoStack(Generic[T]):
    """Entries in effect (`done`, the latest last) and undone entries (`undone`, the next to redo
    last)."""

    done: tuple[T, ...] = ()
    undone: tuple[T, ...] = ()

    def push(self, entry: T, *, limit: int) -> "UndoStack[T]":
        """Adds an entry, keeps the last `limit`, and discards what was undone."""
        return UndoStack((*self.done, entry)[-limit:])

    def undo(self) -> "UndoStack[T]":
        return UndoStack(self.done[:-1], self.undone + self.done[-1:])

    def redo(self) -> "UndoStack[T]":
        return UndoStack(self.done + self.undone[-1:], self.undone[:-1])
