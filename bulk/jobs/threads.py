"""Keeping polars off the event loop, and work and waiting side by side."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, ParamSpec, Self, TypeVar

P = ParamSpec("P")
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
        await ended(ahead)
        ahead.exception()


def answered(ask: Callable[P, Awaitable[T]]) -> Callable[P, Future[T]]:
    """What the running loop is asked from a thread that can wait for the answer, or go on meanwhile."""
    loop = asyncio.get_running_loop()

    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        return await ask(*args, **kwargs)

    return lambda *args, **kwargs: asyncio.run_coroutine_threadsafe(asked(*args, **kwargs), loop)


def _step(iterator: Iterator[T]) -> "asyncio.Future[T | None]":
    return asyncio.get_running_loop().run_in_executor(None, next, iterator, None)


async def ended(work: "asyncio.Future[T]") -> None:
    """Wait until work is done, whatever comes of it, and even when cancelled."""
    while not work.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([work])


async def one_ahead(source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The values of a source, which is asked for the next one while the consumer is busy with one.

    What the source raises is raised where its value would have come. A question under way is cancelled with this.
    """
    ahead = asyncio.ensure_future(anext(source, None))
    try:
        while (value := await ahead) is not None:
            ahead = asyncio.ensure_future(anext(source, None))
            yield value
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


class Shared(Generic[T]):
    """The values of a source, each for the one of several consumers who asks first; an async iterator."""

    def __init__(self, source: AsyncIterator[T]) -> None:
        self._source = source
        self._turn = asyncio.Lock()

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> T:
        """The next value that is nobody else's."""
        async with self._turn:
            return await anext(self._source)
