"""A dictionary of limited size for several threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class RecentlyUsed(OrderedDict[Key, Value]):
    """Drops the value that was used longest ago while the sizes exceed `limit` in total."""

    def __init__(self, limit: int, size: Callable[[Value], int] = lambda value: 1) -> None:
        super().__init__()
        self._limit, self._size, self._lock = limit, size, threading.Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            if key in self:
                self.move_to_end(key)
            return super().get(key)

    def __setitem__(self, key: Key, value: Value) -> None:
        with self._lock:
            super().__setitem__(key, value)
            self.move_to_end(key)
            while len(self) > 1 and sum(map(self._size, self.values())) > self._limit:
                self.popitem(last=False)
