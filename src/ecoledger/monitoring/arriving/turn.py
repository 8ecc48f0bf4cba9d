"""Threads in the order of their numbers."""

from __future__ import annotations

import itertools
import threading


class InTurn:
    """Lets threads through in the order of their numbers, whatever order they come in."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._next = 0
        self._moved = threading.Condition()

    def number(self) -> int:
        """The next number; each must pass through :meth:`pass_on` in the end."""
        return next(self._numbers)

    def wait(self, number: int) -> None:
        """Until all before ``number`` are through."""
        with self._moved:
            self._moved.wait_for(lambda: self._next == number)

    def pass_on(self, number: int) -> None:
        """``number`` is through, well or not."""
        with self._moved:
            self._moved.wait_for(lambda: self._next == number)
            self._next += 1
            self._moved.notify_all()
