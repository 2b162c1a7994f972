"""The server: several APIs side by side on one free port of the loopback interface."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Self

from aiohttp import web

from bulk.contracts import Clock, SystemClock
from bulk.errors import UsageError
from bulk.model import is_loopback
from bulk.sandbox.api import Answer, Api, Call, named_members, plain_error
from bulk.sandbox.ceiling import Ceiling
from bulk.sandbox.delivery import deliver, retry_after, spoil
from bulk.sandbox.faults import APPLIED, Faults
from bulk.sandbox.log import Exchange, RequestLog
from bulk.sandbox.router import Router
from bulk.sandbox.store import Store

LONGEST_LINE = 1 << 16
"""Bytes of a request's first line that reach an API; how long an address may be is for each to say."""

INSPECTION = "/_sandbox/"
"""Addresses under this path show what the sandbox saw; they meet no limit and no fault and are not logged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Verdict:
    """What becomes of a request."""

    answer: Answer | None
    fault: str | None = None
    applied: bool = False
    malformed: str | None = None


class Sandbox:
    """Pretends to be one API or several. Open it with `async with`; what it remembers outlives the closing.

    `port` 0 takes a free one; `rate` is a ceiling over all requests; `latency` is the wait in seconds between carrying
    a request out and answering; `keep_log` bounds how many exchanges are remembered. `clock` times limits and waits,
    `now` (seconds since the epoch) stamps records. Raises `UsageError` where it cannot listen.
    """

    def __init__(
        self,
        apis: Sequence[Api],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Faults | None = None,
        rate: Ceiling | None = None,
        latency: float = 0.0,
        keep_log: int | None = None,
        clock: Clock | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not is_loopback(host):
            raise UsageError(f"A sandbox listens on this machine only, not on {host}.", advice="Leave the host out.")
        for what in ("name", "base"):
            if len({getattr(api, what) for api in apis}) != len(apis):
                raise ValueError(f"two APIs of one sandbox have the same {what}")
        self._apis = tuple(apis)
        self._host = host
        self._port = port
        self._faults = faults or Faults()
        self._rate = rate
        self._latency = latency
        self._clock = clock or SystemClock()
        self._now = now
        self._in_flight = 0
        self._runner: web.ServerRunner | None = None
        self._address: str | None = None
        self.log = RequestLog(keep_log)
        self._routers: dict[str, Router] = {}
        self.reset()

    def plan(self, faults: Faults) -> None:
        """Meet requests with these faults from now on."""
        self._faults = faults

    def reset(self) -> None:
        """Begin anew: seeded state, empty log, counters at zero."""
        self.log.reset()
        self._faults.reset()
        if self._rate is not None:
            self._rate.reset()
        for api in self._apis:
            store = Store(self._now)
            api.seed(store)
            self._routers[api.name] = Router(api, store)

    async def __aenter__(self) -> Self:
        if self._runner is not None:
            raise RuntimeError("this sandbox is open already")
        server = web.Server(self._serve, handler_cancellation=True, access_log=None, max_line_size=LONGEST_LINE)
        # Requests that hang on purpose would otherwise hold up the closing.
        self._runner = web.ServerRunner(server, shutdown_timeout=0.05)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.__aexit__()
            raise UsageError(
                f"The sandbox cannot listen on port {self._port}: {error.strerror}.",
                advice="Choose another port, or 0 for a free one.",
            ) from error
        host, port = self._runner.addresses[0][:2]
        self._address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = self._address = None

    @property
    def address(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40000`."""
        if self._address is None:
            raise RuntimeError("the sandbox is not open; use it with `async with`")
        return self._address

    def url(self, name: str) -> str:
        """Base address of an API."""
        return self.address + self._routers[name].api.base

    def store(self, name: str) -> Store:
        """The memory of an API."""
        return self._routers[name].store

    def state(self) -> dict[str, Any]:
        """The state of every API by name, as JSON-able values that two runs can be compared by."""
        return {name: dict(router.api.state(router.store)) for name, router in self._routers.items()}

    def summary(self) -> dict[str, Any]:
        """What was asked and answered: see `RequestLog.summary`; and how often the ceiling refused."""
        return {**self.log.summary(), "refusals": self._rate.refusals if self._rate is not None else 0}

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if path.startswith(INSPECTION):
            return await deliver(request, None, self._inspect(request.method, path), self._clock)
        self._in_flight += 1
        self.log.in_flight_peak = max(self.log.in_flight_peak, self._in_flight)
        try:
            body: bytes | None
            try:
                body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                body = None
            kind, answer = self._carry_out(request, path, body)
            if self._latency:
                await self._clock.sleep(self._latency)
            return await deliver(request, kind, answer, self._clock)
        finally:
            self._in_flight -= 1

    def _carry_out(self, request: web.BaseRequest, path: str, body: bytes | None) -> tuple[str | None, Answer | None]:
        """Decide, change the state and take note before anything is sent: no answer runs ahead of the log."""
        router = next((each for each in self._routers.values() if path.startswith(each.api.base + "/")), None)
        call = Call(
            method=request.method,
            path=path[len(router.api.base) :] if router else path,
            query=tuple(request.rel_url.query.items()),
            headers=request.headers,
            body=body or b"",
            target=str(request.rel_url),
        )
        time = self._clock.time()
        key = router.api.key(call) if router else None
        verdict = self._judge(router, call, key, time, too_large=body is None)
        self.log.record(
            Exchange(
                at=time,
                api=router.api.name if router else "",
                method=call.method,
                path=call.path,
                query=call.query,
                key=key,
                fields=_shared((router.api.fields if router else named_members)(call)),
                status=verdict.answer.status if verdict.answer else None,
                applied=verdict.applied and call.method not in {"GET", "HEAD"},
                malformed=verdict.malformed,
                fault=verdict.fault,
            )
        )
        return verdict.fault, verdict.answer

    def _judge(self, router: Router | None, call: Call, key: str | None, time: float, *, too_large: bool) -> _Verdict:
        if router is None:
            why = f"no API lies at this address; there is {', '.join(api.base for api in self._apis)}"
            return _Verdict(answer=plain_error(call, 404, why), malformed=why)
        if self._rate is not None and (wait := self._rate.admit(time)) is not None:
            header = retry_after(self._rate.retry_after, max(1, math.ceil(wait)), self._now())
            return _Verdict(answer=router.api.error(call, 429, "").having(header))
        if too_large:
            return _Verdict(answer=router.api.error(call, 413, ""))
        fault = self._faults.choose(key)
        done = _answer(router, call) if fault is None or fault in APPLIED else None
        return _Verdict(
            answer=done if fault is None else spoil(fault, router.api, call, done, now=self._now()),
            fault=fault,
            applied=done is not None and done.changes and done.status < HTTPStatus.MULTIPLE_CHOICES,
            malformed=done.malformed if done else None,
        )

    def _inspect(self, method: str, path: str) -> Answer:
        match method, path.removeprefix(INSPECTION):
            case "GET", "state":
                return Answer.json(200, self.state())
            case "GET", "log":
                return Answer.json(200, self.summary())
            case "POST", "reset":
                self.reset()
                return Answer.json(200, {"message": "begun anew"})
            case _:
                return plain_error(Call(method=method, path=path), 404, "there is GET state, GET log and POST reset")


@lru_cache(maxsize=1024)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same tuple for the same names, since a log holds many."""
    return names


def _answer(router: Router, call: Call) -> Answer:
    api = router.api
    if api.tokens is not None and not _authorized(call.headers, api.tokens):
        return api.error(call, 401, "")
    call, handler, known = router.find(call)
    if handler is not None:
        return handler(call)
    status, why = (405, f"{call.method} is not documented here") if known else (404, "no such route is documented")
    return replace(api.error(call, status, ""), malformed=why)


def _authorized(headers: Mapping[str, str], tokens: frozenset[str]) -> bool:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and token in tokens
