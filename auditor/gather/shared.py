"""Looks that several wait for and nobody owns: one caller's cancellation must not take the answer from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def shared(task: asyncio.Task[T]) -> Awaitable[T]:
    """What to wait for, of a look that others may wait for too: one of them that gives up does not end it."""
    return task if task.done() else asyncio.shield(task)


async def abandon(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """End looks that nobody waits for any more, and wait for their end: none may outlive the client it works with.

    What went wrong in them was told to those who waited, and is not raised again.
    """
    left = tuple(tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
