"""How an API is reached: under which limits, at which address, with whose credentials; or its embedded sandbox."""

import dataclasses
import importlib
import json
import math
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from bulk.contracts import Clock, Connector, Ledger, Listener
from bulk.errors import ConfigurationError
from bulk.http.address import checked_address
from bulk.http.client import Client, client_of
from bulk.http.pace import Pace
from bulk.http.turns import Turns
from bulk.model import Event, Limits, Run, listed
from bulk.settings import Configuration
from bulk.settings_files import parse_rate

if TYPE_CHECKING:
    from pydantic import BaseModel

MOST_IN_FLIGHT = 64
"""Requests in flight at most, unless the user asks for more."""

SANDBOX_MARK = "#sandbox-"
"""Part of the address of an embedded sandbox, so that no two of them pass for the same target."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Politeness:
    """How an API is treated, where that differs from the connector's own limits; None leaves those."""

    rate: str | None = None
    """`50/s`, `600/min` or `none`."""
    burst: int | None = None
    """Requests that may be sent at once after a quiet time."""
    concurrency: int | None = None
    """Requests in flight at most."""
    workers: int = 1
    """Processes that send, where rows are sent: each needs a core of its own to be of use."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """How a run was ordered to treat the API."""
        return cls(**json.loads(run.instance.politeness or "{}"))

    def said(self) -> Mapping[str, Any]:
        """What was said about the API, by the names of the options; what is about this machine is none of it."""
        options = {"rate": self.rate, "burst": self.burst, "concurrency": self.concurrency}
        return {name: value for name, value in options.items() if value is not None}

    def text(self) -> str:
        """As the ledger keeps it."""
        return json.dumps(self.said()) if self.said() else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """An API within reach."""

    target: str
    """What to call its address in the ledger."""
    limits: Limits
    """How it is treated."""
    politeness: str
    """What was said of that, as the ledger keeps it."""
    workers: int
    """Processes that send; no more than requests in flight."""
    clock: Clock
    """What time its pace goes by."""
    settings: "BaseModel"
    """Where it is, and the credentials for it."""
    paced: Callable[[], AbstractAsyncContextManager[Pace]]
    """Opens the pace for all calls to it."""
    client: Callable[[Turns], Client]
    """Makes a client that keeps to a pace."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Client]:
        """Open a client with a pace of its own."""
        async with self.paced() as pace, self.client(pace) as client:
            yield client


class Access:
    """The way to every API, for one session. Sandboxes that are started stay open as long as `stack`."""

    def __init__(
        self,
        configuration: Configuration,
        politeness: Politeness,
        *,
        sandbox: bool,
        clock: Clock,
        listener: Listener,
        ledger: Ledger,
        stack: AsyncExitStack,
    ) -> None:
        self.sandbox = sandbox
        self._ledger = ledger
        self._configuration = configuration
        self._politeness = politeness
        self._clock = clock
        self._listener = listener
        self._stack = stack
        self._embedded: dict[str, tuple[str, Any]] = {}

    async def to(self, connector: Connector, *, offline: bool = False, before: Run | None = None) -> Reach:
        """The way to one API, treated as it was `before` where nothing else is said now.

        Raises `ConfigurationError` without an address or, unless `offline`, credentials.
        """
        polite = self._politeness if before is None else self._kept(before)
        limits = self._limits(connector, polite)
        if self.sandbox:
            target, settings = await self._sandbox_of(connector)
        else:
            settings = self._configuration.connection(connector.settings, connector.name)
            target = checked_address(connector.target(settings))
            if not offline:
                connector.auth(settings)  # a missing token is better said before the check than after it

        @asynccontextmanager
        async def paced() -> AsyncIterator[Pace]:
            start = await self._known_rate(limits, target, polite)
            pace = Pace(limits.rate, start=start, burst=polite.burst, clock=self._clock, listener=self._listener)
            try:
                yield pace
            finally:
                if pace.found is not None and not self.sandbox:
                    await self._remember(target, pace.found)

        return Reach(
            target=target,
            limits=limits,
            politeness=polite.text(),
            workers=min(polite.workers, limits.concurrency),
            clock=self._clock,
            settings=settings,
            paced=paced,
            client=partial(client_of, connector, settings, limits, self._clock),
        )

    def _kept(self, run: Run) -> Politeness:
        """What is said now, and what was said of a run where that says nothing else."""
        said = self._politeness.said()
        kept = {name: value for name, value in Politeness.of(run).said().items() if name not in said}
        if kept:
            options = listed([f"--{name} {value}" for name, value in kept.items()])
            self._listener(Event(kind="note", message=f"keeping to {options}, as run {run.id} did"))
        return dataclasses.replace(self._politeness, **kept)

    async def _known_rate(self, limits: Limits, target: str, polite: Politeness) -> float | None:
        """The rate that an API was found to bear, where nobody says anything about rates."""
        said = polite.rate or self._configuration.general.rate
        if self.sandbox or limits.rate is not None or said is not None:
            return None
        found = await self._ledger.rate_found(target)
        if found is not None:
            self._listener(Event(kind="note", message=f"beginning at {found:.3g} requests a second, as found before"))
        return found

    async def _remember(self, target: str, rate: float) -> None:
        await self._ledger.keep_rate(target, rate)
        message = f"{target} was found to bear about {rate:.3g} requests a second; the next run begins there"
        self._listener(Event(kind="note", message=message, data={"rate": rate}))

    def _limits(self, connector: Connector, polite: Politeness) -> Limits:
        general, limits = self._configuration.general, connector.limits
        text = polite.rate or general.rate
        rate = limits.rate if text is None else parse_rate(text)
        concurrency = polite.concurrency or general.concurrency
        if concurrency is None:
            # A rate is only reached with enough in flight: these suffice for answers that take a second.
            concurrency = max(limits.concurrency, min(MOST_IN_FLIGHT, math.ceil(rate or 0)))
        return replace(limits, rate=rate, concurrency=concurrency)

    async def _sandbox_of(self, connector: Connector) -> tuple[str, Any]:
        """The embedded sandbox of this session: its name for the ledger, and the settings to reach it."""
        if connector.name not in self._embedded:
            from bulk.sandbox import Sandbox  # noqa: PLC0415  # a server is loaded only when one is wanted

            twin = importlib.import_module(connector.sandbox)
            sandbox = await self._stack.enter_async_context(Sandbox([twin.api()]))
            settings = twin.settings(sandbox)
            address = connector.target(settings)
            self._listener(Event(kind="note", message=f"embedded sandbox at {address}"))
            self._embedded[connector.name] = f"{address}{SANDBOX_MARK}{secrets.token_hex(4)}", settings
        return self._embedded[connector.name]


def require_same_target(run: Run, target: str) -> None:
    """Refuse to finish in one shop what was begun in another."""
    if run.instance.target == target:
        return
    if SANDBOX_MARK in run.instance.target:
        raise ConfigurationError(
            f"run {run.id} went to an embedded sandbox, which ended with it",
            advice="Start anew with bulk import --sandbox; bulk retry --sandbox sends failed rows to a new one.",
        )
    raise ConfigurationError(
        f"run {run.id} went to {run.instance.target}, but the settings now say {target}",
        advice="Choose the profile or environment that the run was started with, or import the source anew.",
    )


def harmless(listener: Listener) -> Listener:
    """The listener, made unable to end a run: who only watches must not decide."""

    def tell(event: Event) -> None:
        with suppress(Exception):
            listener(event)

    return tell
