"""Polite execution of requests: paced, repeated where that helps, errors translated."""

import asyncio
import enum
import importlib.metadata
import random
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

from bulk.contracts import Auth, Clock, Connector, Explanation, SystemClock
from bulk.errors import ApiError, RetryableError, ThrottledError, UnreachableError
from bulk.http.address import checked_address, proxy_for
from bulk.http.connection import OversizedError
from bulk.http.connection_pool import ConnectionPool
from bulk.http.error_mapping import FOREIGN, illegible, judge, translate
from bulk.http.health import Health, Next, Trial
from bulk.http.oauth import STALE, explain_login, is_document
from bulk.http.quota import quota
from bulk.http.redaction import Redactor
from bulk.http.renewal import Renewal
from bulk.http.retry import LONGEST_WAIT, backoff, retry_after
from bulk.http.turns import PaceClosedError, Turns
from bulk.model import Limits, Request, Response, Traffic, parsed

BODY_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of an answer that are read at most."""


class _Life(enum.Enum):
    UNOPENED = enum.auto()
    OPEN = enum.auto()
    CLOSED = enum.auto()


class Client:
    """One API, spoken to politely.

    `base_url` is https, or http for a loopback address; anything else raises `ConfigurationError`. The constructor
    opens nothing: `async with` does. `explain` reads the body of an error answer, `legible` tells whether a good answer
    can be read. Credentials that have to be fetched are fetched at the same pace.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth,
        pace: Turns,
        limits: Limits,
        explain: Callable[[Response], Explanation],
        legible: Callable[[Request, Response], bool] = lambda request, response: True,  # noqa: ARG005  # takes any
        headers: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._base, self._host = checked_address(base_url), urlsplit(base_url).hostname or ""
        self._auth = auth
        self._pace = pace
        self._limits = limits
        self._explain = explain
        self._legible = legible
        self._headers = dict(headers or {})
        self._clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311  # spreads waits; keeps no secret
        self._now = now
        self._life = _Life.UNOPENED
        self._health = Health(limits)
        self._sent = self._retried = self._throttled = 0
        self._door: Client | None = None
        self._renewal: Renewal | None = None
        login = auth.login
        if login is not None:
            self._door = Client(
                login.url,
                auth=login.auth,
                pace=pace,
                limits=limits,
                explain=explain_login,
                legible=is_document,
                clock=self._clock,
                rng=self._rng,
                now=now,
            )
            self._renewal = Renewal(auth, login, self._door, clock=self._clock, is_over=lambda: pace.closed)

    async def __aenter__(self) -> Self:
        if self._life is not _Life.UNOPENED:
            raise RuntimeError("a client is opened once")
        self._life = _Life.OPEN
        self._connections = ConnectionPool(
            self._base,
            headers={
                "Accept": "application/json",
                "User-Agent": f"bulk/{importlib.metadata.version('bulk')}",
                **self._headers,
            },
            proxy=proxy_for(self._base),
            connect_timeout=self._limits.connect_timeout,
            read_timeout=self._limits.read_timeout,
            # An answer may come in many small pieces, each in time; this bounds them all.
            total=self._limits.connect_timeout + 3 * self._limits.read_timeout,
            body_limit=BODY_LIMIT,
        )
        await self._connections.__aenter__()
        if self._door is not None:
            await self._door.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._life = _Life.CLOSED
        if self._door is not None:
            await self._door.__aexit__(kind, error, trace)
        await self._connections.__aexit__(kind, error, trace)

    @property
    def traffic(self) -> Traffic:
        """Requests so far, those for credentials included."""
        own = Traffic(sent=self._sent, retried=self._retried, throttled=self._throttled)
        return own if self._door is None else own + self._door.traffic

    def halt(self) -> None:
        """Send nothing more: what is under way is still answered, every other request is refused as `stopped`."""
        self._pace.close()

    def redact(self, text: str) -> str:
        """A text of the API's without the credentials that it may repeat."""
        return Redactor(self._auth.secrets)(text)

    async def send(self, request: Request) -> Response:
        """The answer below 300, or an `ApiError` with the number of `attempts` it took.

        A request is repeated after a `RetryableError`, unless it may have been applied and must not be applied twice.
        While the API answers others, that is done `limits.attempts` times; being throttled does not count. When it
        answers nobody, everybody waits, and after `limits.patience` seconds that is an `OutageError`. Where a token is
        refused that can be renewed, it is repeated once with another.
        """
        if self._life is not _Life.OPEN:
            raise RuntimeError("a client sends only inside its `async with`")
        trial = Trial(asked_at=self._clock.time())
        try:
            return await self._try(request, trial)
        except asyncio.CancelledError:
            raise trial.cancelled() from None

    async def _try(self, request: Request, trial: Trial) -> Response:
        """Send until there is an answer or no hope of one."""
        renewed = False
        while True:
            credentials = await self._turn(trial)
            trial.begin(self._clock.time())
            self._sent += 1
            self._retried += trial.attempts > 1
            try:
                response = await self._attempt(request, trial, credentials)
            except RetryableError as error:
                trial.failed(error)
                await self._wait_or_give_up(request, trial, error)
            except ApiError as error:
                if error.status is not None:
                    self._health.well(self._clock.time())
                if self._auth.login is not None and not renewed and _is_stale(request, error):
                    renewed = True
                    trial.turned_away()
                    self._auth.login.discard(credentials)
                    continue
                trial.conclude(error)
                raise
            else:
                self._health.well(self._clock.time())
                self._pace.answered()
                return response

    async def _turn(self, trial: Trial) -> Mapping[str, str]:
        """Wait until it may be sent, and for the credentials to send it with."""
        while True:
            try:
                # First of all: whoever has had a turn must not have to wait for anything else, or turns would pile up.
                if self._renewal is not None:
                    await self._renewal.ensure()
                await self._pace.acquire()
            except PaceClosedError:
                raise trial.conclude(trial.error or _stopped()) from None
            except ApiError as error:
                raise trial.conclude(error) from None
            credentials = self._auth.headers(self._clock.time())
            if credentials is not None:
                return credentials

    async def _attempt(self, request: Request, trial: Trial, credentials: Mapping[str, str]) -> Response:
        """Send once and read the answer; raises what it means if it is not a good one."""
        target = f"{request.path}?{urlencode(request.query)}" if request.query else request.path
        try:
            answer = await self._connections.request(
                request.method, target, credentials, body=request.body, content_type=request.content_type
            )
        except FOREIGN as error:
            # The cause would carry the request's headers along, and the credentials with them.
            raise translate(error, self._host, reached=self._health.reached) from None
        except OversizedError as error:
            message = f"{self._host} sent more than {BODY_LIMIT // 1024**2} MB in answer"
            raise RetryableError(message, code="oversized", status=error.status) from None
        response = Response(
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            attempts=trial.attempts,
            reader=request.reader if answer.status < 300 else parsed,  # noqa: PLR2004  # the successes, as in RFC 9110
        )
        left = quota(response.headers, self._now())
        if left is not None:
            self._pace.told(left)
        if 200 <= response.status < 300:  # noqa: PLR2004  # the successes, as in RFC 9110
            if self._legible(request, response):
                return response
            raise illegible(response, self._host, explain=self._explain, redact=self.redact)
        raise judge(
            response,
            explain=self._explain,
            retry_after=retry_after(response.headers, self._now()),
            redact=self.redact,
        )

    async def _wait_or_give_up(self, request: Request, trial: Trial, error: RetryableError) -> None:
        """Wait as long as it takes before another try, or raise when there will be none."""
        now = self._clock.time()
        step = self._health.ill(trial, error, now, repeatable=request.repeatable)
        wait = backoff(trial.attempts, self._rng)
        asked = error.retry_after
        complaint = asked is not None or error.status in (429, 503)
        if complaint:
            throttled = isinstance(error, ThrottledError)
            self._throttled += throttled
            # Asked to wait for no time, or for an unknown one: rates are counted by the second almost everywhere.
            seconds = min(asked or max(1.0, wait), LONGEST_WAIT)
            self._pace.slow_down(seconds, _told(error), asked=bool(asked) or not throttled)
        elif not trial.others_answered:
            self._pace.pause(wait, error.told)
        if step is Next.CALL_IT_DOWN:
            raise trial.conclude(self._health.outage(error, now)) from error
        if step is Next.GIVE_UP:
            raise trial.conclude(error)
        if trial.others_answered and not complaint:
            await self._pace.rest(wait)


def _told(error: RetryableError) -> str:
    """What the API said when it complained."""
    if error.retry_after is None or error.retry_after <= LONGEST_WAIT:
        return error.told
    return f"{error.told}; it asked for {error.retry_after:.0f} s, and is asked again after {LONGEST_WAIT:.0f} s"


def _is_stale(request: Request, error: ApiError) -> bool:
    """Whether the token was refused, and another one may do: an answer to HEAD cannot say why it refuses."""
    return error.code == STALE or (request.method == "HEAD" and error.status == HTTPStatus.UNAUTHORIZED)


def _stopped() -> UnreachableError:
    return UnreachableError("the run was ended before this was sent", code="stopped", maybe_applied=False)


def client_of(connector: Connector, settings: Any, limits: Limits, clock: Clock, pace: Turns) -> Client:  # noqa: ANN401  # each connector has a model of its own
    """A client of an API under these settings of its connector, not opened yet."""
    return Client(
        connector.target(settings),
        auth=connector.auth(settings),
        pace=pace,
        limits=limits,
        explain=connector.explain,
        legible=connector.legible,
        headers=connector.headers,
        clock=clock,
    )
