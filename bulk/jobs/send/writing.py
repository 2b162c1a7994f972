"""The writer of a process that sends, be it the one that checked the rows or another."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from bulk.contracts import CountingSender, Flow
from bulk.errors import ApiError, RefusedError, UnclearError
from bulk.http.writer import INTERVAL, Writer
from bulk.jobs.guards import Stop
from bulk.jobs.send.prepared import as_told
from bulk.model import Record, Settlement

Tally: TypeAlias = Callable[[int], None]
"""Told how many rows have failed just now."""


def writer(
    sender: CountingSender,
    *,
    drive: Callable[[Record], Flow],
    settle: Callable[[Sequence[Settlement]], Awaitable[None]],
    concurrency: int,
    stop: Stop,
    failed: Tally | None,
    processes: int = 1,
) -> Writer:
    """A writer through a sender, which `failed` is told of failures, and which ends when somebody says `stop`.

    All `processes` together settle as often as one alone would: what a transaction costs, it costs whatever is in it.
    """
    return Writer(
        sender,
        drive=drive if failed is None else _counted(drive, failed),
        settle=settle,
        blame=as_told,
        concurrency=concurrency,
        stop=stop.event,
        halt=sender.halt,
        redact=sender.redact,
        interval=INTERVAL * processes,
    )


def _counted(drive: Callable[[Record], Flow], failed: Tally) -> Callable[[Record], Flow]:
    """The conversations, which tell of it when they fail."""

    def counted(record: Record) -> Flow:
        try:
            return (yield from drive(record))
        except ApiError as error:
            if isinstance(error, RefusedError | UnclearError) or error.maybe_applied:
                failed(1 + len(record.members))
            raise

    return counted
