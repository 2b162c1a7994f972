"""Keeping polars off the event loop."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def stepped(iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """The values of an iterator whose steps run in a thread, always one step ahead of the consumer.

    A step under way is waited for before this is left, even when cancelled: nothing reads on after we have gone.
    """
    ahead = _step(iterator)
    try:
        while (value := await asyncio.shield(ahead)) is not None:
            ahead = _step(iterator)
            yield value
    finally:
        while not ahead.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([ahead])
        ahead.exception()


def _step(iterator: Iterator[T]) -> "asyncio.Future[T | None]":
    return asyncio.get_running_loop().run_in_executor(None, next, iterator, None)
