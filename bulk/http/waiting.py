"""Waiting that can be called off."""

import asyncio

from bulk.contracts import Clock


async def wait_until(event: asyncio.Event, seconds: float, clock: Clock) -> bool:
    """Wait for an event, but no longer than `seconds` by the clock; whether the event came."""
    if event.is_set():
        return True
    waits = (asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(seconds)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return event.is_set()
