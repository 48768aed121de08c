"""What `with` closes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Something that is closed at the end of `with`, whatever happens in it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what it holds; may be called again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Running(Closing):
    """Something that `with` starts, too."""

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    def __enter__(self) -> Self:
        self.start()
        return self
