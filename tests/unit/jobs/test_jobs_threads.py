"""Work and waiting side by side."""

import asyncio
from contextlib import aclosing

import pytest

from bulk.jobs.threads import Shared, ended, one_ahead


async def test_the_next_value_is_asked_for_while_one_is_worked_on_and_no_further():
    asked = []

    async def source():
        for number in range(4):
            asked.append(number)
            yield number

    seen = []
    async with aclosing(source()) as values, aclosing(one_ahead(values)) as ahead:
        async for value in ahead:
            for _ in range(5):
                await asyncio.sleep(0)
            seen.append((value, len(asked)))
    assert seen == [(0, 2), (1, 3), (2, 4), (3, 4)]


async def test_what_goes_wrong_ahead_comes_after_the_value_before_it():
    async def source():
        yield 1
        raise ValueError("no second")

    async with aclosing(source()) as values, aclosing(one_ahead(values)) as ahead:
        assert await anext(ahead) == 1
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="no second"):
            await anext(ahead)


async def test_a_question_under_way_is_cancelled_when_nobody_wants_its_answer():
    cancelled = []

    async def source():
        yield 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        yield 2

    async with aclosing(source()) as values, aclosing(one_ahead(values)) as ahead:
        async for _ in ahead:
            await asyncio.sleep(0)
            break
    assert cancelled == [True]


async def test_work_is_waited_for_even_when_cancelled():
    release = asyncio.Event()
    work = asyncio.ensure_future(release.wait())
    waiting = asyncio.ensure_future(ended(work))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    release.set()
    await waiting
    assert work.done()


async def test_several_consumers_get_each_value_once_and_all_see_the_end():
    async def source():
        for number in range(20):
            await asyncio.sleep(0)
            yield number

    async def consume():
        return [value async for value in values]

    async with aclosing(source()) as numbers:
        values = Shared(numbers)
        found = await asyncio.gather(consume(), consume(), consume())
    assert sorted(value for some in found for value in some) == list(range(20))
    assert all(some == sorted(some) and some for some in found)
