"""Waiting that can be called off."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bulk.contracts import Clock


async def wait_until(event: asyncio.Event, seconds: float, clock: Clock) -> bool:
    """Wait for an event, but no longer than `seconds` by the clock; whether the event came."""
    if not event.is_set():
        await unless(event, clock.sleep(seconds))
    return event.is_set()


async def unless(event: asyncio.Event, wait: Coroutine[Any, Any, None]) -> None:
    """Wait for something that never fails, but not beyond an event."""
    waits = (asyncio.ensure_future(event.wait()), asyncio.ensure_future(wait))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
